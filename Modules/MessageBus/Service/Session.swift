import Contracts

/// One conversation with a peer over the three lanes, from a hello to a goodbye, a lost connection or a silence longer
/// than the lease. Belongs to the loop's thread.
final class Session {
    /// Where its sockets are.
    enum Side {
        case listening(Listener)
        case connecting(Connector)
    }

    enum Phase {
        /// Not every lane has said hello or welcome.
        case greeting
        case up
        /// The peer said goodbye on some lane and gets what is still to be sent.
        case departing(until: ContinuousClock.Instant)
        case ended
    }

    struct LaneState {
        /// The lane is greeted.
        var isBound = false
        /// On a listener: the connection's number in the ROUTER socket.
        var route: UInt32 = 0
        var nextSequence: UInt64 = 1
        var lastSequence: UInt64 = 0
        var outbox = Outbox()
        let meter: FlightMeter
        var saidGoodbye = false
        var isGoodbyeAcknowledged = false
    }

    /// Unique in this process.
    let number: UInt64
    let side: Side
    let epoch: UInt64
    let peer: PeerID
    let instance: String
    let started: ContinuousClock.Instant
    var phase = Phase.greeting
    var lanes: [LaneState]
    /// For `CrowdMeter`.
    var crowdWindow: UInt64 = 0
    var subscriptions: Set<String> = []
    var lastHeard: ContinuousClock.Instant
    /// Whether anything but a heartbeat went out on the control lane since the last one was due.
    var hasSpoken = false
    var served: [UInt64: ServedRequest] = [:]
    /// Bytes of the requests at work.
    var servedBytes = 0

    init(
        number: UInt64, side: Side, epoch: UInt64, peer: PeerID, instance: String, wake: WakeDescriptor,
        now: ContinuousClock.Instant
    ) {
        self.number = number
        self.side = side
        self.epoch = epoch
        self.peer = peer
        self.instance = instance
        started = now
        lastHeard = now
        lanes = Lane.allCases.map { _ in LaneState(meter: FlightMeter(wake: wake)) }
    }

    var isUp: Bool { if case .up = phase { true } else { false } }
    var isEnded: Bool { if case .ended = phase { true } else { false } }

    /// The socket of `lane`.
    func port(_ lane: Lane) -> Port? {
        switch side {
        case .listening(let listener): listener.ports[Int(lane.rawValue)]
        case .connecting(let connector):
            connector.ports.isEmpty ? nil : connector.ports[Int(lane.rawValue)]
        }
    }
}

/// A peer's request or stream that a handler works on.
final class ServedRequest {
    let correlation: UInt64
    let subject: String
    let lane: Lane
    /// Bytes that count against the peer's budget while it is at work.
    let cost: Int
    let task: TaskHandle
    /// The effect, when it has an idempotency key.
    let effect: EffectMemory.ID?
    /// Of a stream.
    let gate: CreditGate?
    var itemCount: UInt64 = 0
    /// The asker no longer waits; the handler may still be winding up.
    var isAbandoned = false

    init(
        correlation: UInt64, subject: String, lane: Lane, cost: Int, task: TaskHandle, effect: EffectMemory.ID? = nil,
        gate: CreditGate? = nil
    ) {
        self.correlation = correlation
        self.subject = subject
        self.lane = lane
        self.cost = cost
        self.task = task
        self.effect = effect
        self.gate = gate
    }
}
