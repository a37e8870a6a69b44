/// The nodes of a snapshot in blocks of nodes that are at one edge and of one hardware class, with the best of each block:
/// what no node in it can beat. A search for one job looks into a block only where that is good enough.
struct NodeBlocks: Sendable {
    private static let size = 16

    struct Block: Sendable {
        /// Where its nodes stand in `nodes`.
        var members: Range<Int>
        var hardware: Int
        /// The least of 1 / share of its speed that a node has left, 8 s / Mbit of its card, and seconds of latency both ways.
        var slowness = Double.infinity
        var up = Double.infinity
        var down = Double.infinity
        var latency = Double.infinity
        /// The most of each resource that any one node, and any one domain, has left.
        var free = Resources()
        var domainFree = Resources()
    }

    /// By edge and class; inside of these the nodes that resemble each other stand together.
    private(set) var nodes: [Int32]
    private(set) var blocks: [Block] = []
    private var edgeStart: [Int]
    private var blockOfNode: [Int32]

    /// Complexity: sorts the nodes.
    init(_ problem: BatchProblem, _ room: NodeRoom) {
        let order = (0..<problem.nodeCount).sorted { (first: Int, second: Int) in
            Self.isBefore(first, second, problem, room)
        }
        nodes = order.map { Int32($0) }
        edgeStart = [Int](repeating: 0, count: problem.edgeCount + 1)
        blockOfNode = [Int32](repeating: 0, count: problem.nodeCount)
        var start = 0
        while start < order.count {
            let (edge, hardware) = (problem.nodeEdge[order[start]], problem.nodeHardware[order[start]])
            var end = start + 1
            while end < order.count, end - start < Self.size, problem.nodeEdge[order[end]] == edge,
                problem.nodeHardware[order[end]] == hardware
            { end += 1 }
            for node in order[start..<end] { blockOfNode[node] = Int32(blocks.count) }
            edgeStart[edge + 1] = blocks.count + 1
            blocks.append(Block(members: start..<end, hardware: hardware))
            start = end
        }
        // An edge without nodes has an empty range.
        for edge in 1..<edgeStart.count { edgeStart[edge] = max(edgeStart[edge], edgeStart[edge - 1]) }
        for block in blocks.indices { summarise(block, problem, room) }
    }

    private static func isBefore(_ first: Int, _ second: Int, _ problem: BatchProblem, _ room: NodeRoom) -> Bool {
        let (one, two) = (room.free(on: first), room.free(on: second))
        let left = (problem.nodeEdge[first], problem.nodeHardware[first], one.gpus > 0 ? 0 : 1)
        let right = (problem.nodeEdge[second], problem.nodeHardware[second], two.gpus > 0 ? 0 : 1)
        if left != right { return left < right }
        return (problem.nodeAvailable[first], second) > (problem.nodeAvailable[second], first)
    }

    /// The blocks of an edge.
    func blocks(at edge: Int) -> Range<Int> { edgeStart[edge]..<edgeStart[edge + 1] }

    /// Finds the best of the block that `node` is in anew.
    mutating func update(_ node: Int, _ problem: BatchProblem, _ room: NodeRoom) {
        summarise(Int(blockOfNode[node]), problem, room)
    }

    private mutating func summarise(_ index: Int, _ problem: BatchProblem, _ room: NodeRoom) {
        var block = Block(members: blocks[index].members, hardware: blocks[index].hardware)
        for member in nodes[block.members] where !room.isClosed(Int(member)) {
            let node = Int(member)
            block.slowness = min(block.slowness, 1 / problem.nodeAvailable[node])
            block.up = min(block.up, 8 / problem.nodeUp[node])
            block.down = min(block.down, 8 / problem.nodeDown[node])
            block.latency = min(block.latency, 2 * problem.nodeLatency[node] / 1000)
            block.free.raise(to: room.free(on: node))
            block.domainFree.raise(to: room.largestDomain(of: node))
        }
        blocks[index] = block
    }
}
