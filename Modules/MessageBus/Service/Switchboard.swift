import Contracts
import Core
import CZeroMQ
import FoundationEssentials
import Glibc
import Telemetry

typealias EffectMemory = OutcomeMemory<Switchboard.EffectWaiter, Result<RawReply, BusError>>

/// Everything the bus's thread knows: sockets, sessions, questions that wait for answers and requests at work. Only that
/// thread touches it (and whoever sets the bus up, before the thread starts).
final class Switchboard {
    /// A peer that waits for the outcome of an effect.
    struct EffectWaiter {
        let session: UInt64
        let correlation: UInt64
    }

    /// What is due at some time.
    enum Due {
        case ask(UInt64)
        case served(session: UInt64, correlation: UInt64)
    }

    enum Phase {
        case open
        case draining(until: ContinuousClock.Instant)
        case closed
    }

    /// How long libzmq may go on sending after a socket is closed.
    static let linger: Duration = .milliseconds(500)
    /// How often a lane without room is tried again when nothing tells that there is room.
    static let fullLaneRetry: Duration = .milliseconds(5)

    let configuration: BusConfiguration
    let context: BusContext
    let logger: Logger
    let metrics: BusMetrics
    let handlers: HandlerTable
    let inbox: WorkInbox
    let roster: PeerRoster
    let wake = WakeDescriptor()
    let instance = IdempotencyKey.random().description
    let reader = PartReader()
    private(set) weak var loop: BusLoop?

    var phase = Phase.open
    /// The time at which the current turn of the loop began.
    var now = ContinuousClock.now
    var ports: [Port] = [] { didSet { readiness = nil } }
    var listeners: [Listener] = []
    var connectors: [Connector] = []
    var sessions: [UInt64: Session] = [:]
    /// Sessions that are up, per peer, newest last.
    var sessionsByPeer: [PeerID: [Session]] = [:]
    var asks: [UInt64: Ask] = [:]
    var effects: EffectMemory
    var effectTasks: [EffectMemory.ID: TaskHandle] = [:]
    var dues = DeadlineQueue<Due>()
    /// Sessions with messages that wait for room.
    var crowded: Set<UInt64> = []
    var quarantined: [PeerID: ContinuousClock.Instant] = [:]
    var enrolment: EnrolmentDesk?
    var enrolmentsAtWork = 0
    var authenticator: Authenticator?
    var lastEpoch: UInt64 = 0
    var nextNumber: UInt64 = 0
    var nextTick: ContinuousClock.Instant?
    var crowd = CrowdMeter()
    /// Until when what arrives may wait for more.
    private var pauseEnd: ContinuousClock.Instant?
    /// What watches `ports`; made anew when they change.
    private var readiness: Readiness?
    private var onDrained: [@Sendable () -> Void] = []

    init(
        configuration: BusConfiguration, context: BusContext, logger: Logger, metrics: BusMetrics,
        handlers: HandlerTable, inbox: WorkInbox, roster: PeerRoster
    ) {
        self.configuration = configuration
        self.context = context
        self.logger = logger
        self.metrics = metrics
        self.handlers = handlers
        self.inbox = inbox
        self.roster = roster
        effects = EffectMemory(
            maximumCount: configuration.maximumOutcomes, maximumBytes: configuration.maximumOutcomeBytes,
            lifetime: configuration.outcomeLifetime)
    }

    /// A bus that never ran: what is watched goes before its watchers, and what is guarded before its guard.
    deinit {
        for connector in connectors { for monitor in connector.monitors { close(monitor) } }
        for port in ports { close(port) }
        authenticator?.stop()
    }

    func attach(_ loop: BusLoop) { self.loop = loop }

    /// A number that no session or socket had before.
    func makeNumber() -> UInt64 {
        nextNumber += 1
        return nextNumber
    }

    // MARK: - The loop's turn

    /// Takes what has arrived and does what is due.
    func service() {
        now = ContinuousClock.now
        // One message of each port a turn: the control lane never waits behind a queue, and a socket that is found empty
        // costs a system call, which is saved while its messages are being worked on.
        for port in ports where port.socket.needsAttention { take(port) }
        if let first = dues.next, first <= now { expireDues() }
        if let tick = nextTick, tick <= now { self.tick() }
        if !crowded.isEmpty { flushCrowded() }
    }

    /// Whether `service` has more to do right now.
    var needsService: Bool { ports.contains { $0.socket.needsAttention } }

    /// How long nothing is due, or -1 for ever.
    var sleepMilliseconds: Int32 {
        var due = dues.next
        if let tick = nextTick { due = min(due ?? tick, tick) }
        if !crowded.isEmpty {
            let retry = now.advanced(by: Self.fullLaneRetry)
            due = min(due ?? retry, retry)
        }
        guard let due else { return -1 }
        // Rounded up, so that the deadline has passed when the loop looks.
        return Int32(clamping: max(0, ContinuousClock.now.duration(to: due).milliseconds + 1))
    }

    /// Sleeps until a socket or another thread has something.
    func waitForSockets(milliseconds: Int32) {
        do {
            let readiness = try self.readiness ?? Readiness([wake.descriptor] + ports.map(\.socket.descriptor))
            self.readiness = readiness
            var milliseconds = milliseconds
            if let pause = crowdPause {
                guard !wake.wait(milliseconds: milliseconds < 0 ? pause : min(pause, milliseconds)) else {
                    wake.reset()
                    return  // Another thread has something, which comes first.
                }
                milliseconds = 0
            }
            readiness.wait(milliseconds: milliseconds) { place in
                if place == 0 { wake.reset() } else { ports[place - 1].socket.needsAttention = true }
            }
            pauseEnd = nil
        } catch {
            logger.error("the bus cannot wait for its sockets", error: error)
            // Out of descriptors: what is open goes on, by looking every now and then.
            _ = poll(nil, 0, 10)
            for port in ports { port.socket.needsAttention = true }
        }
    }

    /// For how many milliseconds from now on what arrives may gather before the sockets are looked at.
    private var crowdPause: Int32? {
        let now = ContinuousClock.now
        if pauseEnd == nil { pauseEnd = crowd.pause(at: now).map { now + $0 } }
        guard let pauseEnd, now < pauseEnd else { return nil }
        return Int32(clamping: now.duration(to: pauseEnd).milliseconds + 1)
    }

    private func expireDues() {
        while let due = dues.popDue(now) {
            switch due {
            case .ask(let correlation): expireAsk(correlation)
            case .served(let session, let correlation): expireServed(session, correlation)
            }
        }
    }

    /// Something that was due no longer matters.
    func forgetDue() {
        dues.noteCancelled { due in
            switch due {
            case .ask(let correlation): asks[correlation] != nil
            case .served(let session, let correlation): sessions[session]?.served[correlation] != nil
            }
        }
    }

    // MARK: - The end

    /// From here on nothing new is served; every session is told goodbye, and `isDrained` becomes true once all have
    /// answered or the time is up.
    func beginDrain(_ completion: @escaping @Sendable () -> Void) {
        onDrained.append(completion)
        guard case .open = phase else { return }
        now = ContinuousClock.now
        phase = .draining(until: now.advanced(by: configuration.drain))
        for connector in connectors where connector.session?.isUp != true { abandonAttempt(connector) }
        for session in sessions.values where session.isUp { sayGoodbye(to: session) }
        nextTick = now
    }

    var isDrained: Bool {
        guard case .draining(let until) = phase else { return false }
        return sessions.values.allSatisfy { !$0.isUp } || until <= ContinuousClock.now
    }

    /// Ends every session and closes every socket.
    func close() {
        for session in Array(sessions.values) { end(session, reason: .closing) }
        phase = .closed
        for connector in connectors { connector.phase = .closed }
        for connector in connectors { for monitor in connector.monitors { close(monitor) } }
        for port in ports { close(port) }
        ports = []
        listeners = []
        connectors = []
        // Only now: libzmq admits everyone once nobody answers for the context.
        authenticator?.stop()
        authenticator = nil
        let leftOver = asks
        asks = [:]
        for ask in leftOver.values { ask.fail(BusError.closing) }
    }

    func reportDrained() {
        for completion in onDrained { completion() }
        onDrained = []
    }
}
