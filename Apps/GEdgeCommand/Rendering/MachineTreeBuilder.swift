import Contracts

/// Puts the flat lists of a machine into each other.
struct MachineTreeBuilder: Sendable {
    private let machine: Contracts.Machine
    private let threads: [Int: HardwareThread]
    /// Threads of each core, ascending.
    private let cores: [Int: [Int]]

    init(_ machine: Contracts.Machine) {
        self.machine = machine
        threads = Dictionary(machine.threads.map { ($0.number, $0) }) { first, _ in first }
        cores = Dictionary(grouping: threads.values, by: \.core).mapValues { $0.map(\.number).sorted() }
    }

    var root: MachineBranch {
        let packages = Dictionary(grouping: machine.threads, by: \.package)
        let memory = machine.numaNodes.reduce(Int64(0)) { $0.addingReportingOverflow($1.memory).partialValue }
        var text = [
            Self.count(threads.count, "hardware thread"), Self.count(cores.count, "core"),
            Self.count(packages.count, "package"), Self.count(machine.numaNodes.count, "NUMA node"),
            NumberText.bytes(Int(memory)),
        ].joined(separator: ", ")
        if let limit = machine.memoryLimit { text += ", of which \(NumberText.bytes(Int(limit))) may be used" }
        var root = MachineBranch(text: text)
        for (number, members) in packages.sorted(by: { $0.key < $1.key }) {
            root.branches.append(package(number, members))
        }
        let shown = Set(machine.threads.map(\.numaNode))
        root.branches += machine.numaNodes.filter { !shown.contains($0.number) }.map { node($0, in: []) }
        let nodes = Set(machine.numaNodes.map(\.number))
        root.branches += devices { $0.numaNode.map { !nodes.contains($0) } ?? true }
        return root
    }

    private func package(_ number: Int, _ members: [HardwareThread]) -> MachineBranch {
        let text = "package \(number): " + Self.count(Set(members.map(\.core)).count, "core")
        var branch = MachineBranch(text: text)
        let byNode = Dictionary(grouping: members, by: \.numaNode)
        for (number, members) in byNode.sorted(by: { $0.key < $1.key }) {
            let known = machine.numaNodes.first { $0.number == number } ?? NUMANode(number: number, memory: 0)
            branch.branches.append(node(known, in: members.map(\.number)))
        }
        return branch
    }

    /// A NUMA node with what of it lies among `members`.
    private func node(_ node: NUMANode, in members: [Int]) -> MachineBranch {
        var text = "NUMA node \(node.number): \(NumberText.bytes(Int(node.memory)))"
        if let kind = node.kind { text += " \(kind)" }
        if members.isEmpty {
            text += ", no threads" + (node.nearest.map { ", nearest to node \($0)" } ?? "")
        } else {
            text += ", threads \(MachineTree.list(members))"
        }
        if let distances = node.distances, distances.count > 1 {
            text += ", distances " + distances.map(String.init).joined(separator: " ")
        }
        // A node that spans packages shows its devices once, in the package of its lowest thread.
        let lowest = threads.values.filter { $0.numaNode == node.number }.map(\.number).min()
        let hasDevices = lowest.map { members.contains($0) } ?? true
        return MachineBranch(
            text: text,
            branches: parts(of: members) + (hasDevices ? devices { $0.numaNode == node.number } : []))
    }

    /// Caches that several cores share, with the cores below them.
    private func parts(of members: [Int], below level: Int = .max) -> [MachineBranch] {
        let inside = Set(members)
        // The outermost caches first; those of one core stand beside the core.
        let shared = machine.caches.filter { cache in
            cache.level < level && Set(cache.threads.compactMap { threads[$0]?.core }).count > 1
                && !inside.isDisjoint(with: cache.threads)
        }
        guard let outermost = shared.map(\.level).max() else { return coreLines(members) }
        var branches: [MachineBranch] = []
        var rest = inside
        for cache in shared where cache.level == outermost {
            let part = rest.intersection(cache.threads).sorted()
            guard !part.isEmpty else { continue }
            rest.subtract(part)
            branches.append(
                MachineBranch(
                    text: "L\(cache.level) \(NumberText.bytes(Int(cache.bytes))): threads \(MachineTree.list(part))",
                    branches: parts(of: part, below: outermost)))
        }
        return rest.isEmpty ? branches : branches + parts(of: rest.sorted(), below: outermost)
    }

    /// One line for all cores that are alike.
    private func coreLines(_ members: [Int]) -> [MachineBranch] {
        var kinds: [(name: String, cores: [String])] = []
        var done: Set<Int> = []
        for member in members.sorted() {
            guard let thread = threads[member], done.insert(thread.core).inserted else { continue }
            let siblings = (cores[thread.core] ?? []).filter { members.contains($0) }
            let own = machine.caches.filter { cache in
                cache.threads.contains(member) && cache.threads.allSatisfy { threads[$0]?.core == thread.core }
            }
            var name = Self.count(siblings.count, "thread") + " each"
            if let rank = thread.rank { name += " of rank \(rank)" }
            for cache in own.sorted(by: { $0.level < $1.level }) {
                name += ", L\(cache.level) \(NumberText.bytes(Int(cache.bytes)))"
            }
            let text = siblings.map(String.init).joined(separator: "+")
            if let index = kinds.firstIndex(where: { $0.name == name }) {
                kinds[index].cores.append(text)
            } else {
                kinds.append((name, [text]))
            }
        }
        return kinds.map { kind in
            MachineBranch(
                text: "\(Self.count(kind.cores.count, "core")) (\(kind.name)): " + kind.cores.joined(separator: " "))
        }
    }

    private func devices(where isHere: (Device) -> Bool) -> [MachineBranch] {
        machine.devices.filter(isHere).map { MachineBranch(text: Self.text($0)) }
    }

    static func text(_ device: Device) -> String {
        let kind =
            switch device.kind {
            case .gpu: "GPU"
            case .network: "NIC"
            case .storage: "storage"
            case .other: "device"
            }
        var text = "\(kind) \(device.name)"
        if let address = device.address, address != device.name { text += " at \(address)" }
        if let model = device.model { text += ": \(model)" }
        if let memory = device.memory { text += ", \(NumberText.bytes(Int(memory)))" }
        if let functions = device.virtualFunctions {
            text += ", \(functions.active) of \(Self.count(functions.most, "virtual function"))"
        }
        if let card = device.physicalFunction { text += ", virtual function of \(card)" }
        return text
    }

    private static func count(_ number: Int, _ noun: String) -> String {
        "\(NumberText.grouped(number)) \(noun)\(number == 1 ? "" : "s")"
    }
}
