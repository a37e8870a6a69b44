public import Contracts

/// Who answers a call.
public enum Destination: Sendable, Hashable {
    /// A handler of this bus, without a socket.
    case local
    /// A connected peer: on an edge `.peer(.core)`, on the core `.peer(PeerID(name))`.
    case peer(PeerID)
}
