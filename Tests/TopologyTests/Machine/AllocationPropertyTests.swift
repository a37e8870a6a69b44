import Contracts
import TestKit
import Testing

@testable import Topology

@Suite struct AllocationPropertyTests {
    /// Owners come and go at random; nothing is ever promised twice.
    @Test(arguments: [0, 1, 2, 3])
    func nothingIsPromisedTwice(part: Int) throws {
        var generator = SeededGenerator(test: "nothingIsPromisedTwice(\(part))")
        var machine =
            part == 3
            ? try MachineData.machine("gpu-host")
            : try MachineDiscovery.machine(
                synthetic: ["numa:2 core:4 pu:2", "numa:4 core:3 pu:1", "core:8 pu:2"][part])
        for index in machine.numaNodes.indices { machine.numaNodes[index].memory = 1000 }
        for index in machine.devices.indices where machine.devices[index].name == "eth2" {
            machine.devices[index].physicalFunction = "0000:1a:00.0"
        }
        let settings = try MachineData.settings(["500m", "1", "2500m", "100m"][part], memory: "100")
        let reservation = try Reservation(settings, of: machine)
        let allocatable = reservation.allocatable(of: machine)
        var allocations = MachineAllocations(machine, reservation: reservation)
        var again = allocations
        var held: Set<String> = []
        var (granted, refused) = (0, 0)
        for step in 0..<25_000 {
            if !held.isEmpty, Bool.random(using: &generator) {
                let owner = held.sorted()[Int.random(in: 0..<held.count, using: &generator)]
                held.remove(owner)
                let released = [allocations.release(owner), again.release(owner), allocations.release(owner)]
                #expect(released == [true, true, false])
            } else {
                let policies = AllocationRequest.Policy.allCases
                let request = AllocationRequest(
                    owner: "o\(step)", threads: Int.random(in: 1...6, using: &generator),
                    memory: Int64.random(in: 0...400, using: &generator),
                    gpus: Int.random(in: 0...1, using: &generator),
                    nics: Int.random(in: 0...1, using: &generator),
                    policy: policies[Int.random(in: 0..<policies.count, using: &generator)],
                    isExclusive: Int.random(in: 0..<3, using: &generator) > 0)
                do {
                    let allocation = try allocations.allocate(request)
                    #expect(try again.allocate(request) == allocation)
                    held.insert(request.owner)
                    granted += 1
                } catch {
                    #expect(error.code == "no-room")
                    #expect(throws: TopologyError.self) { try again.allocate(request) }
                    refused += 1
                }
            }
            guard step % 5 == 0 else { continue }
            try check(allocations.list, reservation, allocatable, machine, allocations.grants.mapValues(\.request))
        }
        #expect(granted > 100 && refused > 100)
        for owner in held { allocations.release(owner) }
        #expect(allocations.list.freeMilliCPUs == allocatable.milliCPUs)
        #expect(allocations.list.freeMemory == allocatable.memory)
    }

    private func check(
        _ list: AllocationList, _ reservation: Reservation, _ allocatable: Allocatable, _ machine: Machine,
        _ requests: [String: AllocationRequest]
    ) throws {
        let exclusive = list.allocations.filter(\.isExclusive)
        let own = exclusive.flatMap(\.threads)
        try #require(Set(own).count == own.count)
        try #require(Set(own).isDisjoint(with: reservation.threads) && Set(own).isDisjoint(with: list.sharedThreads))
        try #require(own.count + list.sharedThreads.count == machine.threads.count)
        let shared = list.allocations.filter { !$0.isExclusive }
        try #require(shared.allSatisfy { !$0.threads.isEmpty && Set($0.threads).isSubset(of: list.sharedThreads) })
        let promised = requests.values.reduce(0) { $0 + $1.threads * 1000 }
        try #require(promised + list.freeMilliCPUs == allocatable.milliCPUs && list.freeMilliCPUs >= 0)
        var memory: [Int: Int64] = [:]
        for share in list.allocations.flatMap(\.memory) {
            try #require(share.bytes > 0)
            memory[share.numaNode, default: 0] += share.bytes
        }
        for domain in allocatable.domains { try #require(memory[domain.numaNode, default: 0] <= domain.memory) }
        try #require(memory.values.reduce(0, +) + list.freeMemory == allocatable.memory && list.freeMemory >= 0)
        let gpus = list.allocations.flatMap(\.gpus)
        try #require(Set(gpus).count == gpus.count)
        for allocation in list.allocations where requests[allocation.owner]?.policy == .singleNUMANode {
            let homes = machine.threads.filter { allocation.threads.contains($0.number) }.map(\.numaNode)
            let devices = machine.devices.filter { (allocation.gpus + allocation.nics).contains($0.name) }
            try #require(Set(homes + allocation.memory.map(\.numaNode) + devices.compactMap(\.numaNode)).count == 1)
        }
    }
}
