import Contracts
import TestKit
import Testing

@testable import Topology

/// Every way to allocate on small machines, against what the planner finds.
@Suite struct AllocationOptimumTests {
    /// The least cost over all sets of threads, memory nodes and devices, from the definition of `LocalityCost` alone.
    private struct BruteForce {
        let machine: Machine
        let free: FreeResources
        let request: AllocationRequest

        private func distance(_ from: Int, _ to: Int) -> Int {
            machine.numaNodes[from].distances?[to] ?? (from == to ? 10 : 20)
        }

        private func distances(_ devices: [Int], _ count: Int, _ nodes: Set<Int>) -> Int? {
            let strict = request.policy == .singleNUMANode
            let costs = devices.compactMap { index -> Int? in
                guard let home = machine.devices[index].numaNode else { return 10 }
                if strict && !nodes.contains(home) { return nil }
                return nodes.map { distance($0, home) }.min()
            }
            return costs.count < count ? nil : costs.sorted().prefix(count).reduce(0, +)
        }

        func least() -> LocalityCost? {
            var best: LocalityCost?
            let available = free.threads.sorted()
            let nodes = machine.numaNodes.indices
            for mask in 0..<(1 << available.count) where mask.nonzeroBitCount == request.threads {
                let threads = available.indices.filter { mask >> $0 & 1 == 1 }.map { available[$0] }
                let homes = Set(machine.threads.filter { threads.contains($0.number) }.map(\.numaNode))
                guard let gpus = distances(free.gpus, request.gpus, homes),
                    let nics = distances(free.nics, request.nics, homes)
                else { continue }
                for memoryMask in 0..<(1 << nodes.count) {
                    let memory = nodes.filter { memoryMask >> $0 & 1 == 1 }
                    guard memory.reduce(0, { $0 + (free.memory[$1] ?? 0) }) >= request.memory else { continue }
                    let all = homes.union(memory)
                    if request.policy == .singleNUMANode && all.count > 1 { continue }
                    var cost = LocalityCost(nodes: all.count)
                    for (_, members) in Dictionary(grouping: machine.threads, by: \.core) {
                        let numbers = Set(members.map(\.number))
                        let mine = numbers.intersection(threads).count
                        guard mine > 0 else { continue }
                        if !numbers.isSubset(of: free.threads) {
                            cost.sharedCores += 1
                        } else if mine < numbers.count {
                            cost.splitCores += 1
                        }
                    }
                    cost.distance = gpus + nics
                    for node in memory where !homes.contains(node) {
                        cost.distance += homes.map { distance($0, node) }.min() ?? 0
                    }
                    for from in homes { for to in homes where from < to { cost.distance += distance(from, to) } }
                    let here = machine.threads.count { homes.contains($0.numaNode) && free.threads.contains($0.number) }
                    cost.leftover = here - request.threads
                    if best.map({ cost < $0 }) ?? true { best = cost }
                }
            }
            return best
        }
    }

    /// A machine of two to four nodes, some of them without threads, with cores of one to three threads.
    private func machine(_ generator: inout SeededGenerator) -> Machine {
        var threads: [HardwareThread] = []
        let count = Int.random(in: 1...4, using: &generator)
        let most = 11 / count
        for node in 0..<count {
            var left = node > 0 && Int.random(in: 0..<5, using: &generator) == 0 ? 0 : most
            while left > 0 {
                let size = min(left, Int.random(in: 1...3, using: &generator))
                let core = threads.count
                for _ in 0..<size {
                    threads.append(HardwareThread(number: threads.count, core: core, package: node / 2, numaNode: node))
                }
                left -= size
            }
        }
        var matrix = (0..<count).map { _ in (0..<count).map { _ in Int.random(in: 11...40, using: &generator) } }
        for row in 0..<count {
            for column in 0...row { matrix[row][column] = row == column ? 10 : matrix[column][row] }
        }
        let nodes = (0..<count).map {
            NUMANode(number: $0, memory: Int64.random(in: 1...8, using: &generator), distances: matrix[$0])
        }
        let devices = (0..<Int.random(in: 0...5, using: &generator)).map { index in
            Device(
                kind: Bool.random(using: &generator) ? .gpu : .network, name: "d\(index)",
                numaNode: Int.random(in: 0...count, using: &generator) == count
                    ? nil : Int.random(in: 0..<count, using: &generator))
        }
        return Machine(threads: threads, numaNodes: nodes, devices: devices)
    }

    private func request(_ owner: String, _ machine: Machine, _ generator: inout SeededGenerator) -> AllocationRequest {
        AllocationRequest(
            owner: owner, threads: Int.random(in: 1...max(1, machine.threads.count * 2 / 3), using: &generator),
            memory: Int64.random(in: 0...10, using: &generator), gpus: Int.random(in: 0...2, using: &generator),
            nics: Int.random(in: 0...1, using: &generator),
            policy: Bool.random(using: &generator) ? .bestEffort : .singleNUMANode)
    }

    @Test func everyPlanIsAsNearAsCanBe() throws {
        var generator = SeededGenerator()
        var (placed, refused) = (0, 0)
        for _ in 0..<600 {
            let machine = machine(&generator)
            var allocations = MachineAllocations(
                machine, reservation: try Reservation(MachineData.settingsOfOneCPU, of: machine))
            for owner in ["a", "b", "c"] {
                let request = request(owner, machine, &generator)
                let free = allocations.free
                let least = BruteForce(machine: machine, free: free, request: request).least()
                do {
                    let allocation = try allocations.allocate(request)
                    placed += 1
                    #expect(allocations.grants[owner]?.plan.cost == least, "\(request) on \(machine)")
                    // The cost that is claimed is the cost of what is given.
                    let nodes = Set(
                        machine.threads.filter { allocation.threads.contains($0.number) }.map(\.numaNode)
                            + allocation.memory.map(\.numaNode))
                    #expect(nodes.count == least?.nodes)
                    #expect(allocation.threads.count == request.threads)
                    #expect(allocation.memory.reduce(0) { $0 + $1.bytes } == request.memory)
                } catch {
                    refused += 1
                    #expect(error.code == "no-room")
                    #expect(least == nil, "\(request) on \(machine)")
                }
            }
        }
        #expect(placed > 300 && refused > 100)
    }
}
