import Contracts
import Core
import Glibc
import MessageBus
import Synchronization
import Telemetry
import TestKit
import Testing

/// The three ways between two buses.
enum Way: String, CaseIterable, Sendable, CustomTestStringConvertible {
    case inproc
    case ipc
    case tcp

    var testDescription: String { rawValue }
}

/// A core and an edge of one test, connected.
struct BusPair: Sendable {
    let core: Bus
    let edge: Bus
    let coreMetrics: MetricsRegistry
    let edgeMetrics: MetricsRegistry
    let address: BusAddress
    let directory: MemoryDirectory
    let serverKeys: KeyPair
    /// What the edge is called by the core.
    let edgeName = PeerID("edge-a")
}

/// Keys that may connect, changed by tests while buses run.
final class MemoryDirectory: PeerDirectory {
    private let state = Mutex<(peers: [PublicKey: PeerID], acceptsEnrolment: Bool)>(([:], false))

    func peer(for key: PublicKey) -> PeerID? { state.withLock { $0.peers[key] } }
    var acceptsEnrolment: Bool { state.withLock { $0.acceptsEnrolment } }

    func admit(_ key: PublicKey, as peer: PeerID) { state.withLock { $0.peers[key] = peer } }
    func remove(_ key: PublicKey) { state.withLock { _ = $0.peers.removeValue(forKey: key) } }
    var keys: [PublicKey] { state.withLock { Array($0.peers.keys) } }

    func expectEnrolment(_ isExpected: Bool) { state.withLock { $0.acceptsEnrolment = isExpected } }
}

/// Settings for tests: short heartbeats; leases long enough for a loaded machine.
func quick(_ identity: PeerID, _ change: (inout BusConfiguration) -> Void = { _ in }) -> BusConfiguration {
    var configuration = BusConfiguration(identity: identity)
    configuration.heartbeat = .milliseconds(100)
    configuration.lease = .seconds(120)
    configuration.reconnect = RetryPolicy(base: .milliseconds(10), maximum: .milliseconds(200), attempts: nil)
    change(&configuration)
    return configuration
}

/// Runs a core and an edge, lets `prepare` register handlers, waits until they are connected both ways, runs `body`, and
/// stops both.
func withBuses(
    _ way: Way, configure: (inout BusConfiguration) -> Void = { _ in },
    prepare: (_ core: Bus, _ edge: Bus) throws -> Void,
    _ body: @Sendable (BusPair) async throws -> Void
) async throws {
    let temporary = try TemporaryDirectory("gedge-bus")
    let context = BusContext()
    let (coreMetrics, edgeMetrics) = (MetricsRegistry(), MetricsRegistry())
    let core = Bus(configuration: quick(.core, configure), context: context, metrics: coreMetrics)
    let edge = Bus(
        configuration: quick(PeerID("edge-a"), configure), context: way == .inproc ? context : BusContext(),
        metrics: edgeMetrics)
    try prepare(core, edge)
    let serverKeys = try KeyPair.generate()
    let edgeKeys = try KeyPair.generate()
    let directory = MemoryDirectory()
    directory.admit(edgeKeys.publicKey, as: PeerID("edge-a"))
    let address: BusAddress
    switch way {
    case .inproc:
        address = try core.listen(BusAddress("inproc://core"), security: .none)
        try edge.connect(address, security: .none)
    case .ipc:
        address = try core.listen(BusAddress("ipc://\(temporary.file("core"))"), security: .none)
        try edge.connect(address, security: .none)
    case .tcp:
        address = try core.listen(
            BusAddress("tcp://127.0.0.1:0"), security: .curve(serverKeys: serverKeys, directory: directory))
        try edge.connect(address, security: .curve(client: edgeKeys, serverKey: serverKeys.publicKey))
    }
    let pair = BusPair(
        core: core, edge: edge, coreMetrics: coreMetrics, edgeMetrics: edgeMetrics, address: address,
        directory: directory, serverKeys: serverKeys)
    try await running(core, edge) {
        try await edge.ready(.core, timeout: .seconds(60))
        try await core.ready(pair.edgeName, timeout: .seconds(60))
        try await body(pair)
    }
    withExtendedLifetime(temporary) {}
}

/// Runs `buses` while `body` runs.
func running(_ buses: Bus..., body: () async throws -> Void) async throws {
    try await withThrowingTaskGroup(of: Void.self) { group in
        for bus in buses { group.addTask { try await bus.run() } }
        do {
            try await body()
            group.cancelAll()
            try await group.waitForAll()
        } catch {
            group.cancelAll()
            throw error
        }
    }
}

/// Waits until `condition` holds, for conditions that nothing announces; fails the test by throwing after a minute.
func eventually(_ what: String, _ condition: () async throws -> Bool) async throws {
    let end = ContinuousClock.now.advanced(by: .seconds(60))
    while !(try await condition()) {
        guard ContinuousClock.now < end else { throw NeverHappened(what: what) }
        try await Task.sleep(for: .milliseconds(5))
    }
}

struct NeverHappened: Error, CustomStringConvertible {
    let what: String
    var description: String { "it never happened that \(what)" }
}

extension MetricsRegistry {
    /// The value of a counter of thrown-away messages.
    func dropped(_ reason: String) -> Double {
        counter("gedge_bus_dropped_total", help: "", labels: ["reason": reason]).value
    }
}

/// A place where one side waits until the other has come.
final class Gate: Sendable {
    private let stream: AsyncStream<Void>
    private let continuation: AsyncStream<Void>.Continuation

    init() { (stream, continuation) = AsyncStream.makeStream() }

    func open() { continuation.yield() }

    /// Waits for one `open`; throws when cancelled.
    func wait() async throws {
        for await _ in stream { return }
        throw CancellationError()
    }
}

/// Lets everyone into a directory.
func chmodOpen(_ path: String) -> Bool { chmod(path, 0o755) == 0 }

/// The messages of these tests.
struct Number: Codable, Sendable, Hashable {
    var value: Int
}

struct Refusal: ModuleError {
    let code = "refused-by-test"
    let message: String
    var cause: (any Error)? { nil }
    var isRetriable = false
}

enum TestContract {
    static let double = Call<Number, Number>("test.double")
    static let fail = Call<Number, Number>("test.fail")
    static let wait = Call<Number, Number>("test.wait")
    static let count = Call<Number, Number>("test.count")
    static let echo = Call<Empty, Number>("test.echo", lane: .bulk)
    static let numbers = StreamCall<Number, Number>("test.numbers", lane: .bulk)
    static let changed = Topic<Number>("test.changed")
}
