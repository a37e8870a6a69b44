import Contracts

/// Takes hardware threads in the order in which the kubelet's static CPU manager does (`takeByTopology` with its default, the
/// packed distribution).
///
/// As it is read here: whole NUMA nodes and whole packages go first, if that many threads are wanted, the larger of the two kinds
/// before the other; then whole cores; then single threads. Among units of one kind the one with the fewest free threads is
/// taken, so that the holes of earlier takers are filled, and among equals the one with the lowest number. On a machine
/// where nothing is taken yet, that makes a reservation of one or two threads the lowest numbered core.
struct TopologyOrder: Sendable {
    private let machine: Machine
    private let sizes: [Unit: Int]
    private let outer: Kind
    private let inner: Kind

    private enum Kind: Hashable { case package, numaNode, core }

    private struct Unit: Hashable {
        let kind: Kind
        let number: Int
    }

    init(_ machine: Machine) {
        self.machine = machine
        var sizes: [Unit: Int] = [:]
        for thread in machine.threads {
            for kind in [Kind.package, .numaNode, .core] { sizes[Self.unit(kind, of: thread), default: 0] += 1 }
        }
        self.sizes = sizes
        let packages = Set(machine.threads.map(\.package)).count
        let nodes = Set(machine.threads.map(\.numaNode)).count
        (outer, inner) = packages >= nodes ? (.numaNode, .package) : (.package, .numaNode)
    }

    /// `count` of the `available` threads, ascending; all of them when there are fewer.
    func take(_ count: Int, from available: Set<Int>) -> [Int] {
        var free = machine.threads.filter { available.contains($0.number) }
        var taken: [Int] = []
        func take(_ threads: [HardwareThread]) {
            let numbers = Set(threads.map(\.number))
            taken += numbers
            free.removeAll { numbers.contains($0.number) }
        }
        for kind in [outer, inner, .core] {
            for (unit, threads) in sorted(free, by: kind) where threads.count == sizes[unit] {
                if threads.count <= count - taken.count { take(threads) }
            }
        }
        let singles = sorted(free, by: .core).flatMap { $0.threads.sorted { $0.number < $1.number } }
        take(Array(singles.prefix(max(0, count - taken.count))))
        return taken.sorted()
    }

    /// The units of one kind with their free threads: outer units in order, in each its inner ones, in each its cores.
    private func sorted(_ free: [HardwareThread], by kind: Kind) -> [(unit: Unit, threads: [HardwareThread])] {
        var groups = [(unit: Unit(kind: .core, number: -1), threads: free)]
        for level in [outer, inner, .core] {
            groups = groups.flatMap { group in
                Dictionary(grouping: group.threads) { Self.unit(level, of: $0) }
                    .map { (unit: $0.key, threads: $0.value) }
                    .sorted { ($0.threads.count, $0.unit.number) < ($1.threads.count, $1.unit.number) }
            }
            if level == kind { return groups }
        }
        return groups
    }

    private static func unit(_ kind: Kind, of thread: HardwareThread) -> Unit {
        switch kind {
        case .package: Unit(kind: kind, number: thread.package)
        case .numaNode: Unit(kind: kind, number: thread.numaNode)
        case .core: Unit(kind: kind, number: thread.core)
        }
    }
}
