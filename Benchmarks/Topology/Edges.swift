import Contracts
import Core
import Glibc
import MessageBus
import Synchronization
import Topology

/// So many edges with a bus each, in one process.
struct Edges: Sendable {
    let address: BusAddress
    let count: Int
    /// Whether reports say what changed, as edges do, or everything, to compare with.
    let sendsChanges: Bool

    private final class Tally: Sendable {
        let answered = Atomic(0)
        let failed = Atomic(0)
        let joined = Atomic(0)
    }

    func run() async throws {
        let tally = Tally()
        try await withThrowingTaskGroup(of: Void.self) { group in
            var context = BusContext()
            for number in 0..<count {
                // A context holds about a thousand sockets, and a bus has up to nine with those that watch them.
                if number % 80 == 0 { context = BusContext() }
                var configuration = BusConfiguration(identity: PeerID("edge-\(number)"))
                configuration.lease = .seconds(60)
                let bus = Bus(configuration: configuration, context: context)
                try bus.connect(address, security: .none)
                group.addTask { try await bus.run() }
                group.addTask { try await report(number, over: bus, tally) }
                // A socket in the file system takes about a hundred connections that wait to be accepted.
                while tally.joined.load(ordering: .relaxed) + 20 < number {
                    try await Task.sleep(for: .milliseconds(5))
                }
            }
            let input = ThreadExecutor(name: "input")
            while let line = try await input.run({ readLine() }), line != "quit" {
                let (answered, failed) = (
                    tally.answered.load(ordering: .relaxed), tally.failed.load(ordering: .relaxed)
                )
                let joined = tally.joined.load(ordering: .relaxed)
                Self.write("{\"joined\": \(joined), \"answered\": \(answered), \"failed\": \(failed)}" + "\n")
            }
            group.cancelAll()
        }
    }

    /// Past the buffer of `print`, which a pipe would fill first.
    private static func write(_ text: String) {
        var text = text
        text.withUTF8 { _ = Glibc.write(STDOUT_FILENO, $0.baseAddress, $0.count) }
    }

    private func report(_ number: Int, over bus: Bus, _ tally: Tally) async throws {
        var load = LoadReport(
            cpu: 0.2, availableMemory: 6 << 30, freeDisk: 1 << 37, resident: 17 << 20, daemonCPU: 0.004,
            pressure: Pressure(
                cpu: .init(some: 0, full: 0), memory: .init(some: 0, full: 0), io: .init(some: 0, full: 0)),
            disk: DiskLoad(readBytesPerSecond: 0, writtenBytesPerSecond: 0, busy: 0),
            network: [InterfaceLoad(name: "eth0", receivedBytesPerSecond: 2000, sentBytesPerSecond: 2000)])
        let hardware = Hardware(
            hostname: "host-\(number)", architecture: "x86_64", processor: "simulated", threads: 8, memory: 8 << 30)
        try await bus.ready(.core, timeout: .seconds(120))
        _ = try await bus.call(
            TopologyContract.join,
            SiteReport(hardware: hardware, datasets: [], load: load, version: "bench", epoch: number + 1),
            to: .peer(.core), timeout: .seconds(120))
        tally.joined.add(1, ordering: .relaxed)
        var reporter = LoadReporter(epoch: number + 1, joinedWith: load)
        // The edges of a platform do not report at the same moment.
        try await Task.sleep(for: .milliseconds(Int64(number % 1000)))
        var next = ContinuousClock.now
        while !Task.isCancelled {
            wander(&load)
            if !sendsChanges { reporter.forget() }
            let update = reporter.update(load, time: SystemWallClock().now())
            do {
                reporter.answered(
                    try await bus.call(TopologyContract.report, update, to: .peer(.core), timeout: .seconds(30)).body)
                tally.answered.add(1, ordering: .relaxed)
            } catch is CancellationError {
                return
            } catch { tally.failed.add(1, ordering: .relaxed) }
            next += .seconds(1)
            try await Task.sleep(until: next, clock: .continuous)
        }
    }

    private func wander(_ load: inout LoadReport) {
        load.cpu = min(1, max(0, load.cpu + Double.random(in: -0.05...0.05)))
        load.availableMemory = min(
            8 << 30, max(1 << 30, load.availableMemory + Int64.random(in: -50_000_000...50_000_000)))
        load.resident += Int64.random(in: -4096...4096)
        let pressure = min(1, max(0, load.cpu - 0.5))
        load.pressure?.cpu = .init(some: pressure, full: 0)
        load.network = [
            InterfaceLoad(
                name: "eth0", receivedBytesPerSecond: Double.random(in: 1000...20_000),
                sentBytesPerSecond: Double.random(in: 1000...20_000))
        ]
        if Int.random(in: 0..<10) == 0 {
            load.disk = DiskLoad(
                readBytesPerSecond: 0, writtenBytesPerSecond: Double.random(in: 0...1e6),
                busy: Double.random(in: 0...0.1))
        }
    }
}
