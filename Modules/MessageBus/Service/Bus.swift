public import Contracts
import Synchronization
public import Telemetry

/// The platform's message bus: typed calls, streams and events between tasks of one process, processes of one machine, and
/// machines.
///
/// Register handlers, `listen` or `connect`, then `run` it in a task of its own:
///
/// ```swift
/// let bus = Bus(configuration: BusConfiguration(identity: .core), logger: logger, metrics: metrics)
/// bus.handle(TopologyContract.join) { request in JoinReply(leaseSeconds: 5) }
/// try bus.listen(BusAddress("tcp://127.0.0.1:7700"), security: .curve(serverKeys: keys, directory: directory))
/// try await bus.run()
/// ```
///
/// Delivery is at least once between processes; with an idempotency key the effect is exactly once while the outcome is
/// remembered. All methods may be called from any task and thread.
public final class Bus: Sendable {
    public let configuration: BusConfiguration
    let context: BusContext
    let logger: Logger
    let metrics: BusMetrics
    let registry: MetricsRegistry
    let handlers = HandlerTable()
    let inbox = WorkInbox()
    let roster = PeerRoster()
    let localOutcomes: LocalOutcomes
    let loop: BusLoop

    /// - Parameter context: shared by the buses of one process that talk over `inproc`; otherwise leave it out.
    public init(
        configuration: BusConfiguration, context: BusContext = BusContext(), logger: Logger = .disabled,
        metrics: MetricsRegistry = MetricsRegistry()
    ) {
        self.configuration = configuration
        self.context = context
        self.logger = logger
        self.metrics = BusMetrics(metrics)
        registry = metrics
        localOutcomes = LocalOutcomes(configuration)
        loop = BusLoop(
            Switchboard(
                configuration: configuration, context: context, logger: logger, metrics: self.metrics,
                handlers: handlers, inbox: inbox, roster: roster))
    }

    /// Sessions that begin, end and are refused, from now on; starts with one `connected` for each peer that is connected
    /// already. Ends when the bus has closed.
    public func peerEvents() -> AsyncStream<PeerEvent> { roster.events() }

    /// Whether a session with `peer` is up.
    public func isConnected(_ peer: PeerID) -> Bool { roster.isConnected(peer) }

    /// The peers with which a session is up.
    public var connectedPeers: [PeerID] { roster.connected }

    /// Waits until a session with `peer` is up.
    /// - Throws: `BusError` `refused` as soon as the listener turns us away, `unreachable` after `timeout` with the reason of
    ///   the last attempt, or `CancellationError`.
    public func ready(_ peer: PeerID, timeout: Duration = .seconds(10)) async throws {
        if isConnected(peer) { return }
        let connected: Bool? = try await Deadline.within(timeout) { [roster] in
            if let failure = roster.failure(peer), failure.is(.refused) { throw failure }
            for await event in roster.events() where event.peer == peer {
                switch event {
                case .connected: return true
                case .refused(_, let reason): throw reason
                case .disconnected: continue
                }
            }
            try Task.checkCancellation()
            throw BusError(.shuttingDown, "the bus has closed")
        }
        if connected == nil {
            throw BusError(
                .unreachable, "no connection to '\(peer)' within \(timeout); is it running, and is the address right?",
                cause: roster.failure(peer))
        }
    }

    /// A thread of the bus's own, as an executor: a task that prefers it calls peers without a change of thread. Only for
    /// short work that never blocks; the bus must be running and outlive the task.
    public var executor: any TaskExecutor { loop }
}
