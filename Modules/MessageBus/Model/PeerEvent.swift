public import Contracts

/// What happened to the session with a peer.
public enum PeerEvent: Sendable {
    /// A session is up. Comes again without a `disconnected` between when a newer session took the older one's place, which
    /// the peer does after a restart: whatever was agreed with the older one is void.
    case connected(PeerID)
    /// The last session with the peer ended; `reason` says why. A connecting bus keeps trying.
    case disconnected(PeerID, reason: BusError)
    /// The listener does not admit us. A connecting bus keeps trying, slowly.
    case refused(PeerID, reason: BusError)

    public var peer: PeerID {
        switch self {
        case .connected(let peer), .disconnected(let peer, _), .refused(let peer, _): peer
        }
    }
}
