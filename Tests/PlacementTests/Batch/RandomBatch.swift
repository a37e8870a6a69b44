import Core

@testable import Placement

/// Small random problems that are tight: links shared by many, nodes that hold one or two workers.
struct RandomBatch {
    private var random: SplitMix64

    init(seed: UInt64) { random = SplitMix64(seed: seed, labels: "batch") }

    private mutating func number(_ range: ClosedRange<Double>) -> Double {
        range.lowerBound + (range.upperBound - range.lowerBound) * random.nextUnit()
    }

    private mutating func pick<Value>(_ values: [Value]) -> Value {
        values[Int.random(in: 0..<values.count, using: &random)]
    }

    mutating func problem(edges: Int, nodesPerEdge: Int, jobs: Int) -> BatchProblem {
        var problem = BatchProblem()
        problem.name = "random"
        problem.hardware = ["cpu", "gpu"]
        for edge in 0...edges {
            problem.edgeUp.append(edge == 0 ? 1e5 : number(40...900))
            problem.edgeDown.append(edge == 0 ? 1e5 : number(40...900))
            problem.edgeLatency.append(number(1...30))
            problem.edgeBackground.append(pick([0, 0, 1, 3]))
            for _ in 0..<nodesPerEdge {
                problem.nodeEdge.append(edge)
                problem.nodeHardware.append(pick([0, 1]))
                problem.nodeUp.append(number(50...5000))
                problem.nodeDown.append(number(50...5000))
                problem.nodeLatency.append(number(0.1...9))
                problem.nodeAvailable.append(number(0.4...1))
                for _ in 0..<pick([1, 2]) {
                    problem.domainFree.append(
                        Resources(cpus: pick([4, 8, 12]), memory: pick([8, 16]), gpus: pick([0, 1])))
                }
                problem.domainStart.append(problem.domainFree.count)
            }
        }
        for _ in 0..<jobs { problem.jobs.append(job(problem)) }
        return problem
    }

    private mutating func job(_ problem: BatchProblem) -> BatchJob {
        var job = BatchJob()
        job.kind = pick([.federated, .federated, .reinforcement, .centralised, .transfer])
        job.aggregation = job.kind == .federated ? pick([.flat, .hierarchical]) : .flat
        job.workers = job.kind.hasRounds ? pick([1, 2, 3]) : 1
        job.weight = number(0.001...0.02)
        job.request = Resources(cpus: pick([2, 4, 10]), memory: pick([4, 8]), gpus: pick([0, 0, 1]))
        job.needsOneDomain = pick([true, false])
        job.spanPenalty = pick([1.2, 1.3, 0.9])
        job.secondsPerSample = [pick([nil, 0.02, 0.05]), number(0.001...0.01)]
        job.rounds = pick([3, 20, 60])
        job.downloadSize = number(0...200)
        job.uploadSize = number(1...200)
        job.setup = number(2...30)
        job.aggregationTime = number(0.05...0.9)
        job.deferral = number(500...9000)
        job.sampleSize = number(0.01...0.5)
        if job.kind != .reinforcement {
            let nodes = Array(0..<problem.nodeCount).shuffled(using: &random).prefix(6).sorted()
            job.shards = nodes.map { BatchJob.Shard(node: $0, samples: pick([300, 1200, 5000])) }
        }
        if job.kind != .federated {
            job.scope = Array(0..<problem.edgeCount).shuffled(using: &random).prefix(3).sorted()
        }
        job.samples = number(300...4000)
        job.coverage = job.kind == .federated ? pick([0, 2000, 6000]) : 0
        return job
    }
}
