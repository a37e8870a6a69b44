import Contracts
import DataSync
import MessageBus
import Synchronization

/// The keys that may connect, as the driver names them.
final class Admitted: PeerDirectory, EnrolledKeys {
    private let names = Mutex<[PublicKey: PeerID]>([:])
    let acceptsEnrolment = false

    func admit(_ name: PeerID, _ key: PublicKey) { names.withLock { $0[key] = name } }

    func peer(for key: PublicKey) -> PeerID? { names.withLock { $0[key] } }

    func enrolledKey(of peer: PeerID) -> String? {
        names.withLock { $0.first { $0.value == peer }?.key.z85 }
    }
}
