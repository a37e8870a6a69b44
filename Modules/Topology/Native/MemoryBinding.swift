import CHwloc
import Glibc

/// Binds where the memory comes from that a thread touches first.
public enum MemoryBinding {
    /// Has the calling thread take its new memory from some NUMA nodes only.
    /// - Throws: `TopologyError` `unavailable` with the reason when the system does not do or not allow that.
    public static func bindCallingThread(toNodes nodes: [Int]) throws(TopologyError) {
        try bind(toNodes: nodes, of: try HwlocTopology(.thisMachine, devices: false))
    }

    static func bind(toNodes nodes: [Int], of topology: borrowing HwlocTopology) throws(TopologyError) {
        // By a topology of another machine hwloc would report success and bind nothing.
        guard topology.isThisMachine else {
            throw TopologyError("unavailable", "memory can be bound on the machine that runs this only")
        }
        let support = hwloc_topology_get_support(topology.handle)?.pointee.membind?.pointee
        guard support?.set_thisthread_membind == 1 else {
            throw TopologyError("unavailable", "this system does not bind the memory of threads")
        }
        guard let set = hwloc_bitmap_alloc() else {
            throw TopologyError("unavailable", "no memory is left for a set of NUMA nodes")
        }
        defer { hwloc_bitmap_free(set) }
        for node in nodes where (0..<Int(UInt16.max)).contains(node) { hwloc_bitmap_set(set, UInt32(node)) }
        let flags = [HWLOC_MEMBIND_THREAD, HWLOC_MEMBIND_STRICT, HWLOC_MEMBIND_BYNODESET].reduce(Int32(0)) {
            $0 | Int32(bitPattern: $1.rawValue)
        }
        guard hwloc_set_membind(topology.handle, set, HWLOC_MEMBIND_BIND, flags) == 0 else {
            throw TopologyError(
                "unavailable",
                "memory cannot be bound to the NUMA nodes \(nodes.map(String.init).joined(separator: ",")): "
                    + String(cString: strerror(errno)))
        }
    }
}
