import Contracts
import Core

/// The least predicted time of the whole training: the job as a batch of one, whose optimum the batch solver finds.
struct FastestChoice: EdgeChoice {
    func choose(_ count: Int, of candidates: [Candidate], for request: PlacementRequest) throws -> Choice {
        let scores = candidates.map { 1 / max($0.cost, .leastNormalMagnitude) }
        guard count < candidates.count else { return Choice(chosen: Set(candidates.indices), scores: scores) }
        // Of edges that are as fast the solver takes the first.
        let order = candidates.indices.sorted {
            (-candidates[$0].idleThreads, candidates[$0].name) < (-candidates[$1].idleThreads, candidates[$1].name)
        }
        let problem = Self.problem(count, order.map { candidates[$0] }, request)
        let solution = try PlacementSolver(problem).solve(iterations: 0)
        return Choice(chosen: Set(solution.plan.workers[0].map { order[$0.node] }), scores: scores)
    }

    /// One edge with one node for each candidate. What moving takes there is known already, so it stands with the latencies, and
    /// every node is a hardware class of its own.
    static func problem(_ count: Int, _ candidates: [Candidate], _ request: PlacementRequest) -> BatchProblem {
        var problem = BatchProblem()
        problem.name = request.job.text
        let ample = 1e12
        problem.edgeUp = [ample]
        problem.edgeDown = [ample]
        problem.edgeLatency = [0]
        problem.edgeBackground = [0]
        var job = BatchJob()
        job.workers = count
        job.rounds = Double(max(1, request.rounds))
        job.deferral = .greatestFiniteMagnitude.squareRoot()
        for (index, candidate) in candidates.enumerated() {
            problem.hardware.append(candidate.name.text)
            problem.edgeUp.append(ample)
            problem.edgeDown.append(ample)
            problem.edgeLatency.append(0)
            problem.edgeBackground.append(0)
            problem.nodeEdge.append(index + 1)
            problem.nodeHardware.append(index)
            problem.nodeUp.append(ample)
            problem.nodeDown.append(ample)
            problem.nodeLatency.append(candidate.modelWeight * candidate.transfer * candidate.reluctance * 1000 / 2)
            problem.nodeAvailable.append(1)
            problem.domainFree.append(Resources(cpus: 1))
            problem.domainStart.append(index + 1)
            let samples = Double(max(1, candidate.samples))
            job.secondsPerSample.append(candidate.training.seconds * candidate.reluctance / samples)
            job.shards.append(BatchJob.Shard(node: index, samples: samples))
        }
        problem.jobs = [job]
        return problem
    }
}
