/// A batch of training jobs and one snapshot of a core cloud and its edge clouds: what `placebench/1` describes.
///
/// Arrays are columns: the same index means the same edge, node or domain. Edge 0 is the core cloud, which has no WAN
/// link. A problem that came through `BatchProblem(json:)` is consistent; one made by hand is the caller's to check.
package struct BatchProblem: Sendable {
    package var name = ""
    /// The accelerator classes that `nodeHardware` and `BatchJob.secondsPerSample` index.
    package var hardware: [String] = []

    /// Mbit/s from the edge to the core, and back.
    package var edgeUp: [Double] = []
    package var edgeDown: [Double] = []
    /// Milliseconds one way.
    package var edgeLatency: [Double] = []
    /// Flows on the link that belong to no job of the batch.
    package var edgeBackground: [Double] = []

    package var nodeEdge: [Int] = []
    package var nodeHardware: [Int] = []
    /// Mbit/s of the network card.
    package var nodeUp: [Double] = []
    package var nodeDown: [Double] = []
    /// Milliseconds one way, to the edge's gateway.
    package var nodeLatency: [Double] = []
    /// The share of the node's speed that is left, in (0, 1].
    package var nodeAvailable: [Double] = []
    /// Where each node's NUMA domains start in `domainFree`; one more entry than there are nodes.
    package var domainStart: [Int] = [0]
    /// What is free in each domain.
    package var domainFree: [Resources] = []

    package var jobs: [BatchJob] = []

    package init() {}

    package var edgeCount: Int { edgeUp.count }
    package var nodeCount: Int { nodeEdge.count }

    /// The indices of a node's domains in `domainFree`.
    package func domains(of node: Int) -> Range<Int> { domainStart[node]..<domainStart[node + 1] }

    /// The nodes of every edge, ascending.
    package func nodesByEdge() -> [[Int]] {
        var nodes = [[Int]](repeating: [], count: edgeCount)
        for node in 0..<nodeCount { nodes[nodeEdge[node]].append(node) }
        return nodes
    }

    /// The nodes that may host a worker of `job` by type, hardware and data; whether they have room is another matter.
    /// - Parameter nodesByEdge: what `nodesByEdge()` returns.
    package func candidates(of job: BatchJob, _ nodesByEdge: [[Int]]) -> [Int] {
        if job.kind == .federated {
            return job.shards.map(\.node).filter { job.secondsPerSample[nodeHardware[$0]] != nil }
        }
        var nodes: [Int] = []
        for edge in job.scope {
            nodes += nodesByEdge[edge].filter { job.secondsPerSample[nodeHardware[$0]] != nil }
        }
        return nodes
    }
}
