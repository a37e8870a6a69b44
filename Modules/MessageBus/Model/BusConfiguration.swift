public import Contracts
public import Core

/// What bounds a bus and how patient it is. Every bound holds per session unless it says otherwise; memory is the product
/// of these numbers and the number of sessions, whatever a peer does.
public struct BusConfiguration: Sendable {
    /// What this bus calls itself to its peers.
    public var identity: PeerID
    /// Program and version, for people.
    public var software = "gedge"
    /// How large one message may be, by lane.
    public var frames = FrameLimits()

    /// How often each side says that it is there.
    public var heartbeat: Duration = .seconds(1)
    /// After how long a silence a peer counts as gone.
    public var lease: Duration = .seconds(5)
    /// The pause before a lost connection is made again: full jitter below a bound that doubles up to `maximum`.
    public var reconnect = RetryPolicy(base: .milliseconds(100), maximum: .seconds(5), attempts: nil)
    /// How long `run` waits at its end for peers to have taken what was sent.
    public var drain: Duration = .seconds(1)

    /// Requests and streams of one peer that may be at work at once; more are answered with `overloaded`.
    public var maximumConcurrentRequests = 256
    /// Bytes of requests of one peer that may be at work at once.
    public var maximumRequestBytes = 64 << 20
    /// Bytes handed to a lane's socket and not yet written to the connection.
    public var maximumBytesInFlight = 16 << 20
    /// Bytes and messages that wait for room in a lane's socket; past it new requests fail with `overloaded`.
    public var maximumQueuedBytes = 32 << 20
    public var maximumQueuedMessages = 4096
    /// Sessions of one identity at once, such as several terminals of one operator.
    public var maximumSessionsPerPeer = 16
    /// Events that wait for one slow handler; past it the newest are dropped and counted.
    public var maximumWaitingEvents = 1024

    /// Outcomes of calls with an idempotency key that are remembered, in all: number, bytes, and age.
    public var maximumOutcomes = 4096
    public var maximumOutcomeBytes = 32 << 20
    public var outcomeLifetime: Duration = .seconds(600)

    /// Offences against the wire format within `offenceWindow` that put a peer into quarantine.
    public var maximumOffences = 32
    public var offenceWindow: Duration = .seconds(10)
    /// How long nothing of a peer in quarantine is listened to.
    public var quarantine: Duration = .seconds(30)

    public init(identity: PeerID) { self.identity = identity }
}
