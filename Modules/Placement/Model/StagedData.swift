/// The data of a job that moves to one worker: how much there is, where, and how long the slowest sender takes.
struct StagedData: Sendable {
    private(set) var total = 0.0
    private(set) var samples = 0.0
    /// MB by node and by edge, ascending by place, which is the index of the node or edge.
    private var nodes: [(place: Int, amount: Double)] = []
    private var edges: [(place: Int, amount: Double)] = []
    /// Seconds until each sender is done, slowest first: a node's card, and an edge's link with one flow.
    private var cards: [(place: Int, amount: Double)] = []
    private var links: [(place: Int, amount: Double)] = []

    init(_ job: BatchJob, _ problem: BatchProblem) {
        for shard in job.shards {
            let size = shard.samples * job.sampleSize
            total += size
            samples += shard.samples
            nodes.append((shard.node, size))
            edges.append((problem.nodeEdge[shard.node], size))
        }
        Self.merge(&nodes)
        Self.merge(&edges)
        cards = nodes.map { ($0.place, 8 * $0.amount / problem.nodeUp[$0.place]) }
        links = edges.map { edge, amount in
            if edge == 0 { return (edge, 0) }
            return (edge, problem.edgeUp[edge] > 0 ? 8 * amount / problem.edgeUp[edge] : .infinity)
        }
        cards.sort { ($0.amount, $1.place) > ($1.amount, $0.place) }
        links.sort { ($0.amount, $1.place) > ($1.amount, $0.place) }
    }

    /// Sorts by place, and adds up what is at the same place.
    private static func merge(_ amounts: inout [(place: Int, amount: Double)]) {
        amounts.sort { $0.place < $1.place }
        var kept = 0
        for index in amounts.indices {
            if kept > 0, amounts[kept - 1].place == amounts[index].place {
                amounts[kept - 1].amount += amounts[index].amount
            } else {
                amounts[kept] = amounts[index]
                kept += 1
            }
        }
        amounts.removeSubrange(kept...)
    }

    private static func find(_ place: Int, in amounts: [(place: Int, amount: Double)]) -> Double {
        var range = amounts.startIndex..<amounts.endIndex
        while let middle = range.isEmpty ? nil : range.lowerBound + range.count / 2 {
            if amounts[middle].place == place { return amounts[middle].amount }
            range = amounts[middle].place < place ? middle + 1..<range.upperBound : range.lowerBound..<middle
        }
        return 0
    }

    /// MB that lie on a node, and in an edge.
    func size(onNode node: Int) -> Double { Self.find(node, in: nodes) }
    func size(inEdge edge: Int) -> Double { Self.find(edge, in: edges) }

    /// Seconds of the slowest sending node beside the worker's own, and of the slowest sending edge beside its own.
    func slowestCard(except node: Int) -> Double { cards.first { $0.place != node }?.amount ?? 0 }
    func slowestLink(except edge: Int) -> Double { links.first { $0.place != edge }?.amount ?? 0 }

    /// Seconds that the slowest sending node takes at the least, whichever node of an edge receives.
    func slowestCard(outside edge: Int) -> Double {
        size(inEdge: edge) == 0 ? cards.first?.amount ?? 0 : cards.dropFirst().first?.amount ?? 0
    }
}
