/// How far apart the parts of an allocation are; what comes first counts before all that follows.
struct LocalityCost: Sendable, Hashable, Comparable {
    /// NUMA nodes on which it has threads or memory.
    var nodes = 0
    /// Cores on which another owner, or the system, has a thread.
    var sharedCores = 0
    /// Other cores of which it takes a part.
    var splitCores = 0
    /// From each GPU and interface to the nearest of its threads' nodes, from each node that has only memory of it likewise,
    /// and between its threads' nodes, pair by pair; in the units of `NUMANode.distances`.
    var distance = 0
    /// Free threads that stay behind on its threads' nodes: what would be a hole for a large request.
    var leftover = 0

    static func < (left: LocalityCost, right: LocalityCost) -> Bool {
        (left.nodes, left.sharedCores, left.splitCores, left.distance, left.leftover)
            < (right.nodes, right.sharedCores, right.splitCores, right.distance, right.leftover)
    }
}
