@testable import Placement

/// Every plan of a tiny problem, tried one by one with the evaluator: the oracle of the solver.
struct BruteForce {
    let problem: BatchProblem
    private let nodesByEdge: [[Int]]

    init(_ problem: BatchProblem) {
        self.problem = problem
        nodesByEdge = problem.nodesByEdge()
    }

    /// The least objective of any feasible plan.
    func optimum() -> Double {
        let choices = problem.jobs.map { self.choices(of: $0) }
        var best = Double.infinity
        var workers = [[BatchPlan.Worker]](repeating: [], count: problem.jobs.count)
        func place(_ job: Int) {
            guard job < choices.count else {
                let plan = BatchPlan(instance: problem.name, workers: workers)
                if let found = try? BatchEvaluation(plan, of: problem) { best = min(best, found.objective) }
                return
            }
            for choice in choices[job] {
                workers[job] = choice
                place(job + 1)
            }
        }
        place(0)
        return best
    }

    /// Every set of workers of a job, the empty one first.
    private func choices(of job: BatchJob) -> [[BatchPlan.Worker]] {
        let nodes = problem.candidates(of: job, nodesByEdge)
        var sets: [[BatchPlan.Worker]] = [[]]
        func add(_ chosen: [BatchPlan.Worker], from index: Int) {
            if chosen.count == job.workers {
                sets.append(chosen)
                return
            }
            for next in nodes.indices.dropFirst(index) {
                let domains: [Int?] =
                    problem.domains(of: nodes[next]).indices.map { $0 - problem.domainStart[nodes[next]] } + [nil]
                for domain in domains where domain != nil || !job.needsOneDomain {
                    add(chosen + [BatchPlan.Worker(node: nodes[next], domain: domain)], from: next + 1)
                }
            }
        }
        add([], from: 0)
        return sets
    }
}
