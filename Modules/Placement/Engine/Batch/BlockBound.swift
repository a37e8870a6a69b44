/// The cost model of one job for the best that a block of nodes can be: never above what any of its nodes costs.
struct BlockBound {
    private let job: BatchJob
    private let need: WorkerNeed
    /// Seconds of a round's computation for each hardware class, on a node with all its speed; infinite where it cannot run.
    private let computation: [Double]
    private let hasRounds: Bool
    /// Whether card and link take their time one after the other.
    private let isSerial: Bool
    private let staging: StagedData?

    /// Keeps a bound below the cost that it bounds, whose terms are added up in another order.
    private static let rounding = 1 - 1e-12

    init(_ job: BatchJob, _ terms: JobTerms) {
        self.job = job
        need = WorkerNeed(job)
        let factor = terms.samples * (job.needsOneDomain ? 1 : min(1, job.spanPenalty))
        computation = job.secondsPerSample.map { $0.map { $0 * factor } ?? .infinity }
        hasRounds = job.kind.hasRounds
        isSerial = hasRounds && job.aggregation == .hierarchical
        staging = terms.staging
    }

    /// What does not depend on the node: the link of an edge with one flow of the job.
    struct Edge {
        var linkDown = 0.0
        var linkUp = 0.0
        /// Seconds of latency both ways.
        var latency = 0.0
        /// MB that come from other edges, at least the seconds of these, and at least the MB that come from other nodes.
        var staged = 0.0
        var moved = 0.0
    }

    /// - Parameter flows: those on the link, the job's own among them.
    func edge(_ edge: Int, flows: Double, _ problem: BatchProblem) -> Edge {
        var result = Edge(latency: 2 * problem.edgeLatency[edge] / 1000)
        if edge != 0 {
            result.linkDown = 8 * job.downloadSize * flows / problem.edgeDown[edge]
            result.linkUp = 8 * job.uploadSize * flows / problem.edgeUp[edge]
        }
        if let staging {
            // Were all that lies in the edge on this very node.
            result.moved = staging.total - staging.size(inEdge: edge)
            result.staged = max(staging.slowestLink(except: edge), staging.slowestCard(outside: edge))
            if edge != 0 { result.staged = max(result.staged, 8 * result.moved * flows / problem.edgeDown[edge]) }
        }
        return result
    }

    /// Seconds that a worker in `block` costs at the least; infinite when none fits there.
    @inline(__always)
    func seconds(_ block: NodeBlocks.Block, _ edge: Edge) -> Double {
        let work = computation[block.hardware]
        guard work < .infinity, block.free.holds(need.request),
            !need.needsOneDomain || block.domainFree.holds(need.request)
        else { return .infinity }
        let seconds = work * block.slowness
        let (cardDown, cardUp) = (job.downloadSize * block.down, job.uploadSize * block.up)
        let model =
            isSerial
            ? cardDown + edge.linkDown + cardUp + edge.linkUp
            : max(cardDown, edge.linkDown) + max(cardUp, edge.linkUp)
        if hasRounds {
            return job.rounds * (seconds + job.modelOverhead * model + edge.latency + block.latency) * Self.rounding
        }
        let data = max(edge.staged, edge.moved * block.down)
        return (job.modelOverhead * model + job.dataOverhead * data + job.rounds * (job.aggregationTime + seconds))
            * Self.rounding
    }
}
