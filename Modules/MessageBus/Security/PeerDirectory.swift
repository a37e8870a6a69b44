public import Contracts

/// The list of keys that may connect, as the authenticator asks it. Answers come from memory: the authenticator's thread
/// waits for them.
public protocol PeerDirectory: Sendable {
    /// The peer that enrolled with `key`, or `nil` when nobody did or the peer was revoked.
    func peer(for key: PublicKey) -> PeerID?

    /// Whether there is a token that could still be traded. While there is none, nobody reaches the enrolment socket.
    var acceptsEnrolment: Bool { get }
}
