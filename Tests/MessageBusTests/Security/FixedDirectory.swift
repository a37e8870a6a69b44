import Contracts
import MessageBus
import Synchronization

/// A directory of peers that a test fills.
final class FixedDirectory: PeerDirectory {
    private let state: Mutex<(peers: [PublicKey: PeerID], acceptsEnrolment: Bool)>

    init(_ peers: [PublicKey: PeerID], acceptsEnrolment: Bool = false) {
        state = Mutex((peers, acceptsEnrolment))
    }

    func peer(for key: PublicKey) -> PeerID? { state.withLock { $0.peers[key] } }

    var acceptsEnrolment: Bool { state.withLock { $0.acceptsEnrolment } }

    func set(acceptsEnrolment: Bool) { state.withLock { $0.acceptsEnrolment = acceptsEnrolment } }

    func set(_ key: PublicKey, _ peer: PeerID?) { state.withLock { $0.peers[key] = peer } }
}
