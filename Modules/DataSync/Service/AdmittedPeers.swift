import Contracts
import MessageBus
import Synchronization

/// The clouds that the core lets connect here for a while, by the keys they enrolled with. Nobody else is admitted, and
/// nobody is enrolled.
final class AdmittedPeers: PeerDirectory {
    private struct Admission {
        let peer: PeerID
        let until: ContinuousClock.Instant
    }

    private static let capacity = 1024
    /// However long the core lets somebody in.
    private static let longest: Duration = .seconds(3600)

    private let admissions = Mutex<[PublicKey: Admission]>([:])

    var acceptsEnrolment: Bool { false }

    func peer(for key: PublicKey) -> PeerID? {
        admissions.withLock { admissions in
            guard let admission = admissions[key], admission.until > .now else { return nil }
            return admission.peer
        }
    }

    /// - Throws: `DataSyncError` `invalid-request` for a name that no edge may have.
    func admit(_ peer: PeerID, _ key: PublicKey, for time: Duration) throws {
        guard !peer.isReserved else {
            throw DataSyncError(.invalidRequest, "'\(peer)' is no edge, and may not connect to one")
        }
        let now = ContinuousClock.now
        admissions.withLock { admissions in
            if admissions.count >= Self.capacity { admissions = admissions.filter { $0.value.until > now } }
            guard admissions.count < Self.capacity else { return }
            admissions[key] = Admission(peer: peer, until: now + max(.zero, min(time, Self.longest)))
        }
    }
}
