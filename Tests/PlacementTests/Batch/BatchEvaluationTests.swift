import Foundation
import Testing

@testable import Placement

/// The cost model against the reference evaluator of the format, whose answers `golden.json` holds.
@Suite struct BatchEvaluationTests {
    private struct Case: Decodable {
        let instance: String
        let plan: String
        let objective: Double
        let times: [Double?]
        let spanning: Int
    }

    private static func cases() throws -> [Case] {
        let url = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("golden.json")
        return try JSONDecoder().decode([Case].self, from: Data(contentsOf: url))
    }

    @Test func costsAreThoseOfTheReference() throws {
        let cases = try Self.cases()
        #expect(cases.count == 12)
        #expect(cases.contains { $0.spanning > 0 })
        for golden in cases {
            let problem = try BatchProblem(json: Array(golden.instance.utf8))
            let plan = try BatchPlan(json: Array(golden.plan.utf8), jobs: problem.jobs.count)
            let found = try BatchEvaluation(plan, of: problem)
            #expect(abs(found.objective - golden.objective) <= 1e-12 * golden.objective, "\(problem.name)")
            #expect(found.times.count == golden.times.count)
            for (time, expected) in zip(found.times, golden.times) {
                #expect((time == nil) == (expected == nil))
                if let time, let expected { #expect(abs(time - expected) <= 1e-12 * expected, "\(problem.name)") }
            }
            #expect(plan.json == golden.plan + "\n")
        }
    }

    /// Two nodes of two domains at one edge, and one job that a worker of two takes.
    private func problem() -> BatchProblem {
        var problem = BatchProblem()
        problem.hardware = ["cpu"]
        problem.edgeUp = [1e5, 100]
        problem.edgeDown = [1e5, 100]
        problem.edgeLatency = [0, 5]
        problem.edgeBackground = [0, 1]
        for _ in 0..<2 {
            problem.nodeEdge.append(1)
            problem.nodeHardware.append(0)
            problem.nodeUp.append(1000)
            problem.nodeDown.append(1000)
            problem.nodeLatency.append(1)
            problem.nodeAvailable.append(1)
            problem.domainFree += [Resources(cpus: 4, memory: 8), Resources(cpus: 4, memory: 8)]
            problem.domainStart.append(problem.domainFree.count)
        }
        var job = BatchJob()
        job.kind = .federated
        job.workers = 1
        job.request = Resources(cpus: 4, memory: 4)
        job.secondsPerSample = [0.01]
        job.rounds = 1
        job.shards = [.init(node: 0, samples: 100)]
        job.deferral = 10
        problem.jobs = [job, job]
        return problem
    }

    private func refusal(_ workers: [[BatchPlan.Worker]], of problem: BatchProblem) -> String {
        do {
            _ = try BatchEvaluation(BatchPlan(instance: "", workers: workers), of: problem)
            return ""
        } catch {
            #expect(error.kind == .infeasible)
            return error.message
        }
    }

    @Test func aBrokenRuleIsNamed() {
        var problem = problem()
        let first = BatchPlan.Worker(node: 0, domain: 0)
        #expect(refusal([[first], []], of: problem) == "")
        #expect(refusal([[first], [BatchPlan.Worker(node: 0, domain: nil)]], of: problem) == "")
        #expect(refusal([[first]], of: problem).contains("1 jobs"))
        #expect(refusal([[first], [first]], of: problem).contains("NUMA domain 0 of node 0"))
        #expect(refusal([[first, first], []], of: problem).contains("job 0 needs 1 workers"))
        #expect(refusal([[BatchPlan.Worker(node: 1, domain: 0)], []], of: problem).contains("may not use node 1"))
        #expect(refusal([[BatchPlan.Worker(node: 0, domain: 2)], []], of: problem).contains("no NUMA domain 2"))
        problem.jobs[1].request.memory = 13
        #expect(
            refusal([[first], [BatchPlan.Worker(node: 0, domain: nil)]], of: problem).contains("node 0 is given more"))
        problem.jobs[0].needsOneDomain = true
        #expect(refusal([[BatchPlan.Worker(node: 0, domain: nil)], []], of: problem).contains("one NUMA domain"))
        problem.jobs[0].coverage = 101
        #expect(refusal([[first], []], of: problem).contains("samples"))
    }
}
