import Contracts
import Core
import Glibc
import MessageBus
import Synchronization
import Telemetry
import TestKit
import Testing

@testable import Topology

@Suite struct AllocationServiceTests {
    /// Processes that run until the test says otherwise.
    private final class FakeProcesses: ProcessControl {
        private let running = Mutex<[Int32: UInt64]>([:])
        private let threads = Mutex<[String: [Int]]>([:])

        func start(_ pid: Int32, at time: UInt64) { running.withLock { $0[pid] = time } }
        func end(_ pid: Int32) { running.withLock { $0[pid] = nil } }
        private let confined = Mutex<(threads: [Int], others: Set<Int32>)?>(nil)
        var confinement: (threads: [Int], others: Set<Int32>)? { confined.withLock { $0 } }

        func confineDaemon(to threads: [Int], besides others: Set<Int32>) -> String? {
            confined.withLock { $0 = (threads, others) }
            return nil
        }
        func bound(_ owner: String) -> [Int]? { threads.withLock { $0[owner] } }

        func identity(of pid: Int32) -> ProcessIdentity? {
            running.withLock { $0[pid].map { ProcessIdentity(pid: pid, started: $0) } }
        }
        func bind(_ process: ProcessIdentity, to allocation: Allocation) -> [String] {
            threads.withLock { $0[allocation.owner] = allocation.threads }
            return ["no cpuset: a fake has none"]
        }
        func forget(_ owner: String) { threads.withLock { $0[owner] = nil } }
    }

    private let processes = FakeProcesses()

    private func service(_ description: String = "numa:2 core:4 pu:2") throws -> AllocationService {
        let machine = try MachineDiscovery.machine(synthetic: description)
        let reservation = try Reservation(MachineData.settings("1"), of: machine)
        return AllocationService(
            bus: Bus(configuration: BusConfiguration(identity: PeerID("edge-1")), logger: .disabled),
            allocations: MachineAllocations(machine, reservation: reservation), processes: processes, logger: .disabled)
    }

    @Test func racingCallersNeverGetTheSameThread() async throws {
        let service = try service()
        let granted = try await withThrowingTaskGroup(of: [Int].self) { group in
            for caller in 0..<200 {
                group.addTask {
                    do {
                        return try await service.allocate(AllocationRequest(owner: "c\(caller)", threads: 1)).threads
                    } catch let error as TopologyError {
                        #expect(error.code == "no-room")
                        return []
                    }
                }
            }
            return try await group.reduce(into: []) { $0 += $1 }
        }
        #expect(granted.count == 15 && Set(granted).count == 15)
    }

    @Test func whatAProcessHadIsFreeWhenItHasEnded() async throws {
        let service = try service()
        processes.start(7, at: 100)
        let request = AllocationRequest(owner: "job", threads: 15, process: ProcessIdentity(pid: 7, started: 100))
        let allocation = try await service.allocate(request)
        #expect(allocation.limitations == ["no cpuset: a fake has none"])
        #expect(processes.bound("job") == allocation.threads)
        let next = AllocationRequest(owner: "next", threads: 4)
        await #expect(throws: TopologyError.self) { try await service.allocate(next) }
        // Another process has its number now.
        processes.start(7, at: 200)
        #expect(try await service.allocate(next).threads.count == 4)
        #expect(await service.list().allocations.map(\.owner) == ["next"])
        #expect(processes.bound("job") == nil)
        await #expect(throws: TopologyError.self) { try await service.allocate(request) }
    }

    @Test func processesThatShareMakeRoom() async throws {
        let service = try service("core:4 pu:1")
        processes.start(1, at: 1)
        _ = try await service.allocate(
            AllocationRequest(
                owner: "s", threads: 1, policy: .none, isExclusive: false, process: ProcessIdentity(pid: 1, started: 1))
        )
        #expect(processes.bound("s") == [0, 1, 2, 3])
        _ = try await service.allocate(AllocationRequest(owner: "x", threads: 2))
        #expect(processes.bound("s") == [0, 3])
        await service.release("x")
        await service.release("x")
        #expect(processes.bound("s") == [0, 1, 2, 3])
    }

    @Test func theDaemonKeepsOffWhatBelongsToOthers() async throws {
        let service = try service("core:8 pu:1")
        _ = try await service.allocate(AllocationRequest(owner: "s", threads: 1, isExclusive: false, kernelThread: 7))
        #expect(processes.confinement == nil)
        let first = try await service.allocate(AllocationRequest(owner: "a", threads: 1, kernelThread: 11)).threads
        #expect(processes.confinement?.others == [11])
        #expect(processes.confinement?.threads == (0..<8).filter { !first.contains($0) })
        processes.start(1, at: 1)
        let second = try await service.allocate(
            AllocationRequest(owner: "b", threads: 2, process: ProcessIdentity(pid: 1, started: 1))
        ).threads
        #expect(processes.confinement?.threads == (0..<8).filter { !(first + second).contains($0) })
        await service.release("a")
        #expect(processes.confinement?.others == [])
        processes.end(1)
        _ = await service.list()
        #expect(processes.confinement?.threads == Array(0..<8))
    }

    /// All threads of a real process but one.
    @Test(.enabled(if: Python.has("threading"), "needs Python: run Tools/test"))
    func theThreadsOfARealProcessAreConfinedButForOwners() async throws {
        let allowed = try ThreadAffinity.get()
        let (first, last) = (try #require(allowed.first), try #require(allowed.last))
        let program = """
            import os, threading, time
            threads = [threading.Thread(target=time.sleep, args=(1000,), daemon=True) for _ in range(4)]
            for thread in threads: thread.start()
            print(os.getpid(), *(thread.native_id for thread in threads), flush=True)
            time.sleep(1000)
            """
        let python = try ChildProcess([Python.interpreter, "-c", program])
        defer { python.signal(SIGKILL) }
        let numbers = try await python.firstLine().split(separator: " ").map { try #require(Int32($0)) }
        #expect(numbers.count == 5)
        let daemon = numbers[0]
        let system = SystemProcesses(cpuset: CpusetGroup(mount: "/nowhere", membership: nil), daemon: daemon)
        let owner = numbers[2]
        let before = try ThreadAffinity.get(ofThread: owner)
        #expect(system.confineDaemon(to: [last], besides: [owner]) == nil)
        for number in numbers where number != owner { #expect(try ThreadAffinity.get(ofThread: number) == [last]) }
        #expect(try ThreadAffinity.get(ofThread: owner) == before)
        #expect(system.confineDaemon(to: [first], besides: []) == nil)
        for number in numbers { #expect(try ThreadAffinity.get(ofThread: number) == [first]) }
        #expect(system.confineDaemon(to: [60_000], besides: [])?.contains("cannot be bound") == true)
        #expect(SystemProcesses(daemon: -1).confineDaemon(to: [first], besides: []) == "process -1 has ended")
    }

    /// A real process, bound by the real system and seen to end.
    @Test func aRealProcessIsBoundAndReleased() async throws {
        let allowed = try ThreadAffinity.get()
        let last = try #require(allowed.last)
        let pid = startSleeper()
        defer { kill(pid, SIGKILL) }
        let system = SystemProcesses(cpuset: CpusetGroup(mount: "/nowhere", membership: nil))
        let process = try #require(system.identity(of: pid))
        let allocation = Allocation(
            owner: "real", threads: [last], isExclusive: true, memory: [.init(numaNode: 0, bytes: 1)])
        let limitations = system.bind(process, to: allocation)
        #expect(limitations.count == 2 && limitations[0].contains("/nowhere"))
        #expect(try ThreadAffinity.get(ofThread: pid) == [last])
        kill(pid, SIGKILL)
        var status: Int32 = 0
        waitpid(pid, &status, 0)
        #expect(system.identity(of: pid) == nil)
    }

    private func startSleeper() -> pid_t {
        var pid = pid_t()
        let words: [UnsafeMutablePointer<CChar>?] = [strdup("sleep"), strdup("1000"), nil]
        defer { words.forEach { free($0) } }
        precondition(posix_spawn(&pid, "/bin/sleep", nil, nil, words, environ) == 0)
        return pid
    }

    @Test func theStartTimeIsReadBehindAnyName() {
        let fields = (4...21).map(String.init).joined(separator: " ")
        #expect(SystemProcesses.started("12 (a) S b) c) S \(fields) 987654 23 24") == 987_654)
        #expect(SystemProcesses.started("12 (dead) Z \(fields) 987654 23") == nil)
        #expect(SystemProcesses.started("12 (short) S 1") == nil)
        #expect(SystemProcesses.started("") == nil)
        let own = SystemProcesses().identity(of: getpid())
        #expect(own != nil && own == SystemProcesses().identity(of: getpid()))
        #expect(SystemProcesses().identity(of: -1) == nil)
    }
}
