import Contracts
import Synchronization

/// What was seen of the links to other clouds.
final class LinkBook: Sendable {
    /// Links that are remembered.
    private static let capacity = 1024

    private let estimates = Mutex<[PeerID: LinkEstimate]>([:])

    func estimate(of peer: PeerID) -> LinkEstimate { estimates.withLock { $0[peer] } ?? LinkEstimate() }

    func note(_ peer: PeerID, _ change: (inout LinkEstimate) -> Void) {
        estimates.withLock { estimates in
            if estimates[peer] == nil, estimates.count >= Self.capacity { estimates.removeAll() }
            change(&estimates[peer, default: LinkEstimate()])
        }
    }
}
