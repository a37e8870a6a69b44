/// What happens to a snapshot after it was taken.
package enum PlacementChange: Sendable, Hashable {
    /// A node is there no more: nobody may be on it.
    case nodeGone(Int)
    /// A node takes no new workers; those on it stay.
    case nodeClosed(Int)
    /// A node is back, or takes workers again; unless its edge is closed.
    case nodeOpened(Int)
    /// The share of its speed that a node has left, in (0, 1].
    case available(node: Int, Double)
    /// What a domain has for the jobs of the batch, with what they took of it.
    case free(node: Int, domain: Int, Resources)
    /// Mbit/s of an edge's link, from it and to it; zero when it carries nothing.
    case link(edge: Int, up: Double, down: Double)
    /// Milliseconds one way.
    case latency(edge: Int, Double)
    /// Flows on a link that belong to none of the jobs.
    case background(edge: Int, Double)
    /// An edge takes no new workers, or takes them again.
    case edgeClosed(Int, Bool)

    /// Changes the snapshot, and what is left of it.
    func apply(to problem: inout BatchProblem, _ room: inout NodeRoom, flows: inout [Double]) {
        switch self {
        case .nodeGone(let node): room.close(node, .gone)
        case .nodeClosed(let node): room.close(node, .node)
        case .nodeOpened(let node): room.open(node, [.gone, .node])
        case .available(let node, let share): problem.nodeAvailable[node] = share
        case .free(let node, let domain, let amount):
            var growth = amount
            growth -= problem.domainFree[problem.domainStart[node] + domain]
            problem.domainFree[problem.domainStart[node] + domain] = amount
            room.add(growth, toDomain: domain, of: node)
        case .link(let edge, let up, let down): (problem.edgeUp[edge], problem.edgeDown[edge]) = (up, down)
        case .latency(let edge, let milliseconds): problem.edgeLatency[edge] = milliseconds
        case .background(let edge, let count):
            flows[edge] += count - problem.edgeBackground[edge]
            problem.edgeBackground[edge] = count
        case .edgeClosed(let edge, let closed):
            for node in 0..<problem.nodeCount where problem.nodeEdge[node] == edge {
                if closed { room.close(node, .edge) } else { room.open(node, .edge) }
            }
        }
    }

    /// The nodes that are no longer what they were.
    func nodes(in problem: BatchProblem) -> [Int] {
        switch self {
        case .nodeGone(let node), .nodeClosed(let node), .nodeOpened(let node), .available(let node, _),
            .free(let node, _, _):
            [node]
        case .edgeClosed(let edge, _): (0..<problem.nodeCount).filter { problem.nodeEdge[$0] == edge }
        case .link, .latency, .background: []
        }
    }

    /// The edge whose link is no longer what it was.
    var edge: Int? {
        switch self {
        case .link(let edge, _, _), .latency(let edge, _), .background(let edge, _): edge
        default: nil
        }
    }
}

extension PlacementChange {
    /// - Throws: `PlacementError` of kind `invalidValue` for a place that is not there, or a value that none can have.
    func check(in problem: BatchProblem) throws(PlacementError) {
        switch self {
        case .nodeGone(let node), .nodeClosed(let node), .nodeOpened(let node): try Self.check(node: node, problem)
        case .available(let node, let share):
            try Self.check(node: node, problem)
            guard share > 0, share <= 1 else {
                throw PlacementError(
                    .invalidValue, "node \(node) has \(share) of its speed left; give more than 0 and at most 1")
            }
        case .free(let node, let domain, let amount):
            try Self.check(node: node, problem)
            guard domain >= 0, domain < problem.domains(of: node).count else {
                throw PlacementError(
                    .invalidValue,
                    "node \(node) has no NUMA domain \(domain); it has \(problem.domains(of: node).count)")
            }
            for value in [amount.cpus, amount.memory, amount.gpus] {
                try Self.check(value, from: 0, "an amount that domain \(domain) of node \(node) has is")
            }
        case .link(let edge, let up, let down):
            try Self.check(edge: edge, problem)
            for rate in [up, down] { try Self.check(rate, from: 0, "the Mbit/s of edge \(edge) are") }
        case .latency(let edge, let value):
            try Self.check(edge: edge, problem)
            try Self.check(value, from: 0, "the latency of edge \(edge) is")
        case .background(let edge, let value):
            try Self.check(edge: edge, problem)
            try Self.check(value, from: 0, "the background flows of edge \(edge) are")
        case .edgeClosed(let edge, _): try Self.check(edge: edge, problem)
        }
    }

    private static func check(node: Int, _ problem: BatchProblem) throws(PlacementError) {
        guard node >= 0, node < problem.nodeCount else {
            throw PlacementError(
                .invalidValue, "there is no node \(node) among the \(problem.nodeCount) of the snapshot")
        }
    }

    private static func check(edge: Int, _ problem: BatchProblem) throws(PlacementError) {
        guard edge >= 0, edge < problem.edgeCount else {
            throw PlacementError(
                .invalidValue, "there is no edge \(edge) among the \(problem.edgeCount) of the snapshot")
        }
    }

    private static func check(_ value: Double, from least: Double, _ what: String) throws(PlacementError) {
        guard value >= least, value <= 1e12 else {
            throw PlacementError(.invalidValue, "\(what) \(value); give a number from \(least) to 1e12")
        }
    }
}
