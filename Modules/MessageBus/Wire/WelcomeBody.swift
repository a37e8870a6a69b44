public import Contracts

/// The body of `welcome`: the side that listens accepts a `hello` and answers in kind.
public struct WelcomeBody: Codable, Sendable, Hashable {
    /// What the listener calls itself.
    public var identity: PeerID
    /// The name under which the listener knows the peer it welcomes.
    public var peer: PeerID
    /// The subjects of the events that the listener listens to.
    public var subscriptions: [String]
    public var software: String
    public var heartbeatMilliseconds: Int
    public var leaseMilliseconds: Int

    public init(
        identity: PeerID, peer: PeerID, subscriptions: [String] = [], software: String, heartbeatMilliseconds: Int,
        leaseMilliseconds: Int
    ) {
        self.identity = identity
        self.peer = peer
        self.subscriptions = subscriptions
        self.software = software
        self.heartbeatMilliseconds = heartbeatMilliseconds
        self.leaseMilliseconds = leaseMilliseconds
    }
}
