import Contracts
import Testing

@testable import Topology

@Suite struct AllocationTests {
    private func allocations(_ machine: Machine, _ cpu: String = "500m") throws -> MachineAllocations {
        MachineAllocations(machine, reservation: try Reservation(MachineData.settings(cpu), of: machine))
    }

    @Test func threadsAreBesideTheirGPU() throws {
        var allocations = try allocations(MachineData.machine("gpu-host"))
        // Node 0 is the fuller one, with the system's thread on it: only the GPU draws the job there.
        let first = try allocations.allocate(AllocationRequest(owner: "a", threads: 2, memory: 1 << 30, gpus: 1))
        #expect(first.threads == [2, 3] && first.gpus == ["cuda0"] && first.memory.map(\.numaNode) == [0])
        #expect(first.environment["CUDA_VISIBLE_DEVICES"] == "0")
        #expect(first.environment["OMP_NUM_THREADS"] == "2" && first.environment["OPENBLAS_NUM_THREADS"] == "2")
        let both = try allocations.allocate(
            AllocationRequest(owner: "b", threads: 4, gpus: 2, policy: .singleNUMANode))
        #expect(both.threads == [8, 9, 10, 11] && both.gpus == ["cuda2", "0000:b1:00.0"])
        #expect(both.environment["CUDA_VISIBLE_DEVICES"] == "2,3")
        // The seeds' GPU affinity is best effort: the last GPU is far away, and better than none.
        let far = try allocations.allocate(
            AllocationRequest(owner: "c", threads: 4, memory: 127 << 30, gpus: 1, nics: 1))
        #expect(far.threads.count == 4 && far.gpus == ["cuda1"])
    }

    @Test func aRefusalSaysWhatIsShortAndWhere() throws {
        var allocations = try allocations(MachineData.machine("gpu-host"))
        let message = { (request: AllocationRequest) -> String in
            var copy = allocations
            do throws(TopologyError) {
                _ = try copy.allocate(request)
                return ""
            } catch { return error.message }
        }
        let tooMany = message(AllocationRequest(owner: "big", threads: 20, gpus: 5))
        #expect(tooMany.contains("lacks 5 of 20 hardware threads of its own (15 free), 1 of 5 GPUs (4 free)"))
        #expect(tooMany.contains("'big'"))
        try allocations.allocate(AllocationRequest(owner: "a", threads: 5, gpus: 1, policy: .singleNUMANode))
        let apart = message(
            AllocationRequest(owner: "b", threads: 6, memory: 129 << 30, gpus: 2, policy: .singleNUMANode))
        #expect(
            apart.contains("node 0 lacks") && apart.contains("node 1 lacks") && apart.contains("best-effort"),
            "\(apart)")
    }

    @Test func anOwnerHasOneAllocation() throws {
        var allocations = try allocations(MachineDiscovery.machine(synthetic: "core:4 pu:2"))
        let request = AllocationRequest(owner: "a", threads: 2)
        let first = try allocations.allocate(request)
        #expect(try allocations.allocate(request) == first)
        #expect { try allocations.allocate(AllocationRequest(owner: "a", threads: 3)) } throws: {
            ($0 as? TopologyError)?.code == "exists"
        }
        for bad in [
            AllocationRequest(owner: "", threads: 1), AllocationRequest(owner: "b", threads: 0),
            AllocationRequest(owner: "b", threads: 1, memory: -1), AllocationRequest(owner: "b", threads: .max),
        ] {
            #expect { try allocations.allocate(bad) } throws: { ($0 as? TopologyError)?.code == "invalid" }
        }
        #expect(allocations.list.allocations == [first])
    }

    @Test func coresAreNotSharedWithoutNeed() throws {
        var allocations = try allocations(MachineDiscovery.machine(synthetic: "core:4 pu:2"))
        // The system has thread 0. Thread 1 shares its core and is taken last.
        #expect(try allocations.allocate(AllocationRequest(owner: "a", threads: 1)).threads == [2])
        #expect(try allocations.allocate(AllocationRequest(owner: "b", threads: 3)).threads == [4, 5, 6])
        #expect(try allocations.allocate(AllocationRequest(owner: "c", threads: 3)).threads == [1, 3, 7])
        #expect(allocations.sharedThreads == [0])
    }

    @Test func whoSharesMakesRoomForWhoDoesNot() throws {
        var allocations = try allocations(MachineDiscovery.machine(synthetic: "core:4 pu:1"))
        let shared = AllocationRequest(owner: "s", threads: 1, policy: .none, isExclusive: false)
        #expect(try allocations.allocate(shared).threads == [0, 1, 2, 3])
        try allocations.allocate(AllocationRequest(owner: "a", threads: 2))
        #expect(allocations.list.allocations.first { $0.owner == "s" }?.threads == [0, 3])
        // 3500m are allocatable, of which 3000m are promised: what is left is less than a thread.
        #expect { try allocations.allocate(AllocationRequest(owner: "b", threads: 1)) } throws: {
            ($0 as? TopologyError)?.code == "no-room"
        }
    }

    @Test func aMachineOfManyNodesIsFilledToo() throws {
        var allocations = try allocations(MachineDiscovery.machine(synthetic: "pack:8 numa:4 core:2 pu:2"), "1")
        let large = try allocations.allocate(AllocationRequest(owner: "a", threads: 100))
        #expect(large.threads.count == 100)
        #expect(try allocations.allocate(AllocationRequest(owner: "b", threads: 27)).threads.count == 27)
        #expect(allocations.sharedThreads == [0])
    }
}
