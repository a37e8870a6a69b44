import CHwloc
import Contracts

extension HwlocTopology {
    /// The most hardware threads, NUMA nodes or devices that are read.
    private static let limit = SyntheticSize.limit

    /// What the topology tells, as plain values.
    func machine() throws(TopologyError) -> Machine {
        let nodes = try numaNodes()
        let threads = try hardwareThreads(nodes: nodes)
        guard !threads.isEmpty else { throw TopologyDocument.invalid("it has no hardware threads") }
        let placed = place(nodes, among: threads)
        return Machine(
            threads: threads, numaNodes: placed, caches: caches(),
            devices: HwlocDevices(handle: handle, nodes: Set(threads.map(\.numaNode))).all(limit: Self.limit))
    }

    // MARK: - Hardware threads

    private func hardwareThreads(nodes: [NUMANode]) throws(TopologyError) -> [HardwareThread] {
        let objects = try self.objects(HWLOC_OBJ_PU)
        let packages = try packageNumbers()
        let ordinary = Set(nodes.filter { $0.kind == nil }.map(\.number))
        var threads: [HardwareThread] = []
        for object in objects {
            let number = Int(object.pointee.os_index)
            let core = hwloc_get_ancestor_obj_by_type(handle, HWLOC_OBJ_CORE, object)
            let package = hwloc_get_ancestor_obj_by_type(handle, HWLOC_OBJ_PACKAGE, object)
            threads.append(
                HardwareThread(
                    number: number, core: core.flatMap { Self.numbers($0.pointee.cpuset).first } ?? number,
                    package: package.flatMap { packages[Int($0.pointee.logical_index)] } ?? 0,
                    numaNode: node(of: object, ordinary: ordinary) ?? nodes.first?.number ?? 0,
                    rank: rank(of: object)))
        }
        return threads.sorted { $0.number < $1.number }
    }

    /// The system's numbers of the packages, or their places where the system has none or gives one twice.
    private func packageNumbers() throws(TopologyError) -> [Int: Int] {
        let packages = try objects(HWLOC_OBJ_PACKAGE)
        let numbers = packages.map { Int($0.pointee.os_index) }
        let isUsable = Set(numbers).count == numbers.count && numbers.allSatisfy { $0 <= Int(UInt16.max) }
        return Dictionary(
            packages.enumerated().map { (Int($1.pointee.logical_index), isUsable ? numbers[$0] : $0) }
        ) { first, _ in first }
    }

    /// The node whose memory a hardware thread gets unless it asks for another: of several at one place, the ordinary one.
    private func node(of object: hwloc_obj_t, ordinary: Set<Int>) -> Int? {
        var place: hwloc_obj_t? = object
        while let here = place {
            let near = Self.numbers(here.pointee.nodeset)
            if let first = near.first { return near.first { ordinary.contains($0) } ?? first }
            place = here.pointee.parent
        }
        return nil
    }

    private func rank(of object: hwloc_obj_t) -> Int? {
        guard hwloc_cpukinds_get_nr(handle, 0) > 1 else { return nil }
        let kind = hwloc_cpukinds_get_by_cpuset(handle, object.pointee.cpuset, 0)
        guard kind >= 0 else { return nil }
        var efficiency: Int32 = -1
        let status = hwloc_cpukinds_get_info(handle, UInt32(kind), nil, &efficiency, nil, nil, 0)
        return status == 0 && efficiency >= 0 ? Int(efficiency) : nil
    }

    // MARK: - Memory

    private func numaNodes() throws(TopologyError) -> [NUMANode] {
        let objects = try self.objects(HWLOC_OBJ_NUMANODE)
        var nodes: [NUMANode] = []
        for object in objects {
            let subtype = object.pointee.subtype.map { String(cString: $0) }
            nodes.append(
                NUMANode(
                    number: Int(object.pointee.os_index),
                    memory: Int64(clamping: object.pointee.attr?.pointee.numanode.local_memory ?? 0),
                    kind: subtype == "DRAM" ? nil : subtype.map { String($0.prefix(64)) }))
        }
        nodes.sort { $0.number < $1.number }
        guard let matrix = latencies() else { return nodes }
        for index in nodes.indices {
            let row = nodes.map { matrix[nodes[index].number]?[$0.number] }
            if row.allSatisfy({ $0 != nil }) { nodes[index].distances = row.compactMap { $0 } }
        }
        return nodes
    }

    /// Relative latencies between NUMA nodes by their numbers, as the firmware says (ACPI's SLIT).
    private func latencies() -> [Int: [Int: Int]]? {
        var count: UInt32 = 1
        var distances: UnsafeMutablePointer<hwloc_distances_s>?
        let kind = UInt(HWLOC_DISTANCES_KIND_MEANS_LATENCY.rawValue)
        guard hwloc_distances_get_by_type(handle, HWLOC_OBJ_NUMANODE, &count, &distances, kind, 0) == 0, count > 0,
            let distances
        else { return nil }
        defer { hwloc_distances_release(handle, distances) }
        let size = Int(distances.pointee.nbobjs)
        let objects = (0..<size).map { distances.pointee.objs[$0] }
        var matrix: [Int: [Int: Int]] = [:]
        for (row, from) in objects.enumerated() {
            for (column, to) in objects.enumerated() {
                guard let from, let to else { return nil }
                let value = distances.pointee.values[row * size + column]
                matrix[Int(from.pointee.os_index), default: [:]][Int(to.pointee.os_index)] =
                    Int(min(value, 1_000_000))
            }
        }
        return matrix
    }

    /// Says of nodes without threads where they lie.
    private func place(_ nodes: [NUMANode], among threads: [HardwareThread]) -> [NUMANode] {
        let homes = Dictionary(threads.map { ($0.number, $0.numaNode) }) { first, _ in first }
        let populated = Set(homes.values)
        return nodes.map { node in
            guard !populated.contains(node.number) else { return node }
            var node = node
            let object = hwloc_get_numanode_obj_by_os_index(handle, UInt32(node.number))
            let near = Set(Self.numbers(object?.pointee.cpuset).compactMap { homes[$0] })
            if near.count == 1 {
                node.nearest = near.first
            } else if let distances = node.distances {
                let reachable = zip(nodes, distances).filter { populated.contains($0.0.number) }
                let least = reachable.map(\.1).min()
                let nearest = reachable.filter { $0.1 == least }
                if nearest.count == 1 { node.nearest = nearest[0].0.number }
            }
            return node
        }
    }

    // MARK: - Caches

    /// Caches that hold data.
    private func caches() -> [Cache] {
        var caches: [Cache] = []
        for type in [HWLOC_OBJ_L1CACHE, HWLOC_OBJ_L2CACHE, HWLOC_OBJ_L3CACHE, HWLOC_OBJ_L4CACHE, HWLOC_OBJ_L5CACHE] {
            // Never more than hardware threads, whose number was checked; none of a type that the machine lacks.
            for index in 0..<max(0, hwloc_get_nbobjs_by_type(handle, type)) {
                guard let object = hwloc_get_obj_by_type(handle, type, UInt32(index)),
                    let cache = object.pointee.attr?.pointee.cache
                else { continue }
                caches.append(
                    Cache(
                        level: Int(min(cache.depth, 9)), bytes: Int64(clamping: cache.size),
                        threads: Self.numbers(object.pointee.cpuset)))
            }
        }
        return caches
    }

    // MARK: - Objects

    private func objects(_ type: hwloc_obj_type_t) throws(TopologyError) -> [hwloc_obj_t] {
        let count = Int(hwloc_get_nbobjs_by_type(handle, type))
        guard count <= Self.limit else {
            throw TopologyDocument.invalid("it has more than \(Self.limit) parts of one kind")
        }
        return (0..<max(0, count)).compactMap { hwloc_get_obj_by_type(handle, type, UInt32($0)) }
    }

    /// The numbers in a set, ascending; as many as a machine can have of an endless one.
    static func numbers(_ set: hwloc_const_bitmap_t?) -> [Int] {
        guard let set else { return [] }
        var numbers: [Int] = []
        var number = hwloc_bitmap_first(set)
        while number >= 0, number <= Int32(UInt16.max), numbers.count < limit {
            numbers.append(Int(number))
            number = hwloc_bitmap_next(set, number)
        }
        return numbers
    }
}
