import Contracts
import Core
public import MessageBus
public import Telemetry

/// An edge's side of the policies: asks the core for them on every connection and after every change, and keeps them
/// durably, so that they hold while the edge is cut off.
public struct SyncPolicyAgent: Sendable {
    private let bus: Bus
    private let gate: PolicyGate
    private let logger: Logger
    private let wakes = AsyncStream<Void>.makeStream(bufferingPolicy: .bufferingNewest(1))

    public init(bus: Bus, gate: PolicyGate, logger: Logger = .disabled) {
        self.bus = bus
        self.gate = gate
        self.logger = logger.with(["service": "syncpolicy"])
    }

    /// Registers the agent's calls. Before `Bus.run`.
    public func register() {
        gate.registerCalls(on: bus)
        bus.on(SyncPolicyContract.changed) { [wakes] _ in wakes.continuation.yield() }
    }

    /// Follows the core until cancelled. Run an agent once.
    public func run() async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            defer { group.cancelAll() }
            let events = bus.peerEvents()
            group.addTask { [wakes] in
                for await event in events {
                    if case .connected(.core) = event { wakes.continuation.yield() }
                }
            }
            if bus.isConnected(.core) { wakes.continuation.yield() }
            for await _ in wakes.stream { try await catchUp() }
        }
        try Task.checkCancellation()
    }

    /// Asks until the core has answered, or is away: its return wakes the agent again.
    private func catchUp() async throws {
        let retry = RetryPolicy(base: .milliseconds(200), maximum: .seconds(10), attempts: nil)
        var generator = SystemRandomNumberGenerator()
        var failures = 0
        while bus.isConnected(.core) {
            do { return try await refresh() } catch let error as CancellationError { throw error } catch {
                logger.warning("the policies could not be brought up to date; those known stay in force", error: error)
                guard let pause = retry.delay(beforeRetry: failures, using: &generator) else { return }
                failures = min(failures + 1, 16)
                try await ContinuousClock().sleep(for: pause)
            }
        }
    }

    private func refresh() async throws {
        let known = try await gate.storage.told()
        let reply = try await bus.call(
            SyncPolicyContract.policies, PolicyQuery(known: known?.revision), to: .peer(.core)
        ).body
        guard let set = reply.policies else { return }
        try await gate.storage.remember(reply.revision, set)
        gate.replace(set)
        logger.info(
            "policies brought up to date",
            ["revision": "\(reply.revision.number)", "policies": set.policies.map(\.name.text).joined(separator: ",")])
    }
}
