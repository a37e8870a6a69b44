import Contracts

/// A machine's lists by number, as allocation looks them up.
struct MachineMap: Sendable {
    struct Core: Sendable {
        let number: Int
        /// Ascending.
        let threads: [Int]
    }

    let machine: Machine
    /// All NUMA nodes, ascending.
    let nodes: [Int]
    /// Cores of each NUMA node, ascending.
    let cores: [Int: [Core]]
    let threads: [Int: HardwareThread]
    /// The only NUMA node with threads, if there is but one.
    let onlyNode: Int?
    let order: TopologyOrder
    private let places: [Int: Int]

    init(_ machine: Machine) {
        self.machine = machine
        nodes = Set(machine.numaNodes.map(\.number) + machine.threads.map(\.numaNode)).sorted()
        let threads = Dictionary(machine.threads.map { ($0.number, $0) }) { first, _ in first }
        self.threads = threads
        let byNode = Dictionary(grouping: threads.values, by: \.numaNode)
        cores = byNode.mapValues { members in
            Dictionary(grouping: members, by: \.core)
                .map { Core(number: $0.key, threads: $0.value.map(\.number).sorted()) }
                .sorted { $0.number < $1.number }
        }
        onlyNode = byNode.count == 1 ? byNode.keys.first : nil
        order = TopologyOrder(machine)
        places = Dictionary(machine.numaNodes.enumerated().map { ($1.number, $0) }) { first, _ in first }
    }

    /// The relative latency between two nodes: the firmware's, or 10 at home and 20 elsewhere as Linux assumes; a node without threads
    /// is as far as the one it lies at.
    func distance(_ from: Int, _ to: Int) -> Int {
        if let row = places[from], let column = places[to], let distances = machine.numaNodes[row].distances,
            column < distances.count
        {
            return distances[column]
        }
        if from == to { return 10 }
        let isNear = places[to].map { machine.numaNodes[$0].nearest == from } ?? false
        return isNear ? 11 : 20
    }

    /// The distance of a device from the nearest of some nodes; one that is as near to all is at home everywhere.
    func distance(of device: Int, from nodes: [Int]) -> Int {
        guard let home = machine.devices[device].numaNode else { return 10 }
        return nodes.map { distance($0, home) }.min() ?? 10
    }

    /// Whether a device is as near to a node's threads as to any.
    func isAt(_ node: Int, device: Int) -> Bool {
        guard let home = machine.devices[device].numaNode else { return true }
        return home == node
    }

    /// Devices of one kind, in the machine's order, by their places in its list.
    func devices(_ kind: Device.Kind) -> [Int] {
        machine.devices.indices.filter { machine.devices[$0].kind == kind }
    }
}
