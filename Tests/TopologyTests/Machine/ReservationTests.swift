import Core
import Contracts
import Testing

@testable import Topology

/// The kubelet's arithmetic, with the seeds' worker node as the known answer.
@Suite struct ReservationTests {
    private func machine(_ description: String) throws -> Machine {
        try MachineDiscovery.machine(synthetic: description)
    }

    @Test func eightyCPUsLessHalfAre79500m() throws {
        var machine = try machine("pack:2 core:20 pu:2")
        machine.numaNodes = [NUMANode(number: 0, memory: 263_692_948 << 10)]
        for index in machine.threads.indices { machine.threads[index].numaNode = 0 }
        var settings = try MachineData.settings("500m")
        settings.eviction.memory = ByteCount(100 << 20)
        let reservation = try Reservation(settings, of: machine)
        let allocatable = reservation.allocatable(of: machine)
        #expect(allocatable.milliCPUs == 79_500)
        #expect(allocatable.memory == 263_590_548 << 10)
        #expect(allocatable.domains.map(\.threads) == [79])
        #expect(allocatable.allowsExclusive == true)
        #expect(reservation.threads == [0])
    }

    @Test func theSystemsShareIsCountedToo() throws {
        let machine = try machine("numa:2(memory=1GiB) core:2 pu:2")
        let settings = ReservedSettings(
            cpu: Quantity("700m") ?? .zero, memory: ByteCount(256 << 20),
            system: .init(cpu: Quantity("1200m") ?? .zero, memory: ByteCount(1 << 30)),
            eviction: .init(memory: ByteCount(1)))
        let reservation = try Reservation(settings, of: machine)
        #expect(reservation.threads == [0, 1])
        let allocatable = reservation.allocatable(of: machine)
        #expect(allocatable.milliCPUs == 8000 - 1900)
        let total = machine.numaNodes.reduce(0) { $0 + $1.memory }
        #expect(allocatable.memory == total - (1280 << 20) - 1)
        #expect(allocatable.domains.map(\.threads) == [2, 4])
        #expect(allocatable.domains.reduce(0) { $0 + $1.memory } == allocatable.memory)
        #expect(allocatable.domains[0].memory == 0)
    }

    @Test func nothingReservedMeansNothingExclusive() throws {
        let machine = try machine("core:4 pu:2")
        let reservation = try Reservation(ReservedSettings(), of: machine)
        #expect(reservation.allocatable(of: machine).allowsExclusive == false)
        var allocations = MachineAllocations(machine, reservation: reservation)
        #expect { try allocations.allocate(AllocationRequest(owner: "a", threads: 1)) } throws: {
            ($0 as? TopologyError)?.code == "no-exclusive"
        }
        #expect(
            try allocations.allocate(AllocationRequest(owner: "a", threads: 8, isExclusive: false)).threads.count == 8)
    }

    @Test func moreThanThereIsIsRefused() throws {
        let machine = try machine("numa:1(memory=1GiB) core:2 pu:2")
        for (cpu, memory) in [("4001m", "0"), ("1", "100Gi"), ("9223372036854775807", "0")] {
            #expect { try Reservation(MachineData.settings(cpu, memory: memory), of: machine) } throws: {
                ($0 as? TopologyError)?.code == "invalid"
            }
        }
        #expect(try Reservation(MachineData.settings("4"), of: machine).allocatable(of: machine).milliCPUs == 0)
    }

    @Test func aControlGroupsLimitIsTheCapacity() throws {
        var machine = try machine("numa:2(memory=8GiB) core:2 pu:2")
        machine.memoryLimit = 1 << 30
        let allocatable = try Reservation(MachineData.settings("1", memory: "256Mi"), of: machine).allocatable(
            of: machine)
        #expect(allocatable.memory == 768 << 20)
        #expect(allocatable.domains.allSatisfy { $0.memory == 768 << 20 })
    }

    /// Worked by hand after the kubelet's documentation of its static policy.
    @Test func threadsAreTakenInTheKubeletsOrder() throws {
        let order = TopologyOrder(try machine("pack:2 core:4 pu:2"))
        let all = Set(0..<16)
        #expect(order.take(1, from: all) == [0])
        #expect(order.take(2, from: all) == [0, 1])
        #expect(order.take(3, from: all) == [0, 1, 2])
        // A whole package is wanted: the other one is whole, this one is not.
        #expect(order.take(8, from: all.subtracting([0])) == Array(8..<16))
        // The emptier package first, and in it the core that is broken already.
        #expect(order.take(1, from: all.subtracting([9])) == [8])
        #expect(order.take(2, from: all.subtracting([9])) == [10, 11])
        #expect(order.take(20, from: all) == Array(0..<16))
        #expect(order.take(0, from: all) == [])
    }
}
