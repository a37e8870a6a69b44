/// The cost model of one job, multiplied out: from a node to a candidate, and from an edge to a slot.
struct JobTerms {
    private let job: BatchJob
    private let problem: BatchProblem
    /// The data that moves, when the job is not one of rounds.
    let staging: StagedData?
    /// The objective per second of a worker.
    private let factor: Double

    init(_ job: BatchJob, _ problem: BatchProblem) {
        self.job = job
        self.problem = problem
        staging = job.kind.hasRounds ? nil : StagedData(job, problem)
        factor = job.weight * (job.kind.hasRounds ? job.rounds : 1)
    }

    /// Samples of a worker of a job that is not federated.
    var samples: Double { staging?.samples ?? job.samples }

    func slot(job index: Int, edge: Int) -> CandidateTable.Slot {
        if edge == 0 { return .init(job: Int32(index), edge: 0, linkDown: 0, linkUp: 0, linkStaged: 0) }
        // A link that carries nothing has no cost per flow: its candidates have none that is finite.
        if !isReachable(edge) {
            return .init(job: Int32(index), edge: Int32(edge), linkDown: 0, linkUp: 0, linkStaged: 0)
        }
        let model = 8 * factor * job.modelOverhead
        let moved = staging.map { $0.total - $0.size(inEdge: edge) } ?? 0
        return .init(
            job: Int32(index), edge: Int32(edge), linkDown: model * job.downloadSize / problem.edgeDown[edge],
            linkUp: model * job.uploadSize / problem.edgeUp[edge],
            linkStaged: 8 * factor * job.dataOverhead * moved / problem.edgeDown[edge])
    }

    /// Whether everything that the job moves gets to a worker at `edge` and back.
    func isReachable(_ edge: Int) -> Bool {
        if edge != 0 {
            if problem.edgeUp[edge] <= 0 || problem.edgeDown[edge] <= 0 { return false }
        }
        return staging.map { $0.slowestLink(except: edge) < .infinity } ?? true
    }

    /// The candidate that `node` is, or `nil` where the job cannot run; one that nothing can reach costs without end.
    func candidate(node: Int, samples: Double, slot index: Int32, _ slot: CandidateTable.Slot) -> CandidateTable
        .Candidate?
    {
        guard let speed = job.secondsPerSample[problem.nodeHardware[node]] else { return nil }
        let edge = problem.nodeEdge[node]
        guard isReachable(edge), problem.nodeAvailable[node] > 0 else {
            return .init(
                node: Int32(node), slot: index, base: .infinity, spanning: .infinity, cardDown: 0, cardUp: 0, staged: 0,
                samples: samples, least: .infinity)
        }
        let computation = samples * speed / problem.nodeAvailable[node]
        let latency = 2 * (problem.edgeLatency[edge] + problem.nodeLatency[node]) / 1000
        let model = 8 * factor * job.modelOverhead
        var result = CandidateTable.Candidate(
            node: Int32(node), slot: index, base: 0, spanning: 0,
            cardDown: model * job.downloadSize / problem.nodeDown[node],
            cardUp: model * job.uploadSize / problem.nodeUp[node], staged: 0, samples: samples, least: 0)
        if let staging {
            let card = 8 * (staging.total - staging.size(onNode: node)) / problem.nodeDown[node]
            let slowest = max(card, staging.slowestCard(except: node), staging.slowestLink(except: edge))
            result.staged = factor * job.dataOverhead * slowest
            result.base = factor * job.rounds * (job.aggregationTime + computation)
            result.spanning = factor * job.rounds * (job.aggregationTime + computation * job.spanPenalty)
        } else {
            result.base = factor * (computation + latency)
            result.spanning = factor * (computation * job.spanPenalty + latency)
            if job.aggregation == .hierarchical {
                // Card and link one after the other: the card's time is never hidden behind the link's.
                result.base += result.cardDown + result.cardUp
                result.spanning += result.cardDown + result.cardUp
                result.cardDown = 0
                result.cardUp = 0
            }
        }
        let alone = problem.edgeBackground[edge] + 1
        result.least = result.cost(isSpanning: false, flows: alone, slot)
        if !job.needsOneDomain { result.least = min(result.least, result.cost(isSpanning: true, flows: alone, slot)) }
        return result
    }
}
