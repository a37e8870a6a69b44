import Contracts
import DataSync
import MessageBus
import Topology

/// The keys of enrolled edges, for edges that pass shards on to each other.
struct EnrolledEdges: EnrolledKeys {
    let enrolment: EnrolmentService

    func enrolledKey(of peer: PeerID) -> String? { enrolment.key(of: peer)?.z85 }
}
