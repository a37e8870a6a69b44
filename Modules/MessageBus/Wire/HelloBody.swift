public import Contracts

/// The body of `hello`: the side that connected presents itself, once on each lane of each session.
public struct HelloBody: Codable, Sendable, Hashable {
    /// What the peer calls itself. Believed on `ipc` and `inproc` only; on `tcp` the CURVE key says who it is.
    public var identity: PeerID
    /// The running process: a random word that stays the same over its reconnects.
    public var instance: String
    /// The subjects of the events that the peer listens to; no others are sent to it.
    public var subscriptions: [String]
    /// Program and version, for people: `gedge-edge-cloud/0.1.0`.
    public var software: String
    /// How often the peer sends a heartbeat, in milliseconds.
    public var heartbeatMilliseconds: Int
    /// How long the peer may be silent before it counts as gone, in milliseconds.
    public var leaseMilliseconds: Int

    public init(
        identity: PeerID, instance: String, subscriptions: [String] = [], software: String, heartbeatMilliseconds: Int,
        leaseMilliseconds: Int
    ) {
        self.identity = identity
        self.instance = instance
        self.subscriptions = subscriptions
        self.software = software
        self.heartbeatMilliseconds = heartbeatMilliseconds
        self.leaseMilliseconds = leaseMilliseconds
    }
}
