import Contracts
import Core
import MessageBus

extension DataSyncService {
    /// What is worth telling of a link: less says more of its round trip than of its rate.
    private static let toldBytes = 64 << 10
    private static let toldTime: Duration = .milliseconds(20)

    /// Announces what the way from `peer` to here carried.
    func tell(_ bytes: Int, from peer: PeerID, over time: Duration, isLimited: Bool) async {
        guard bytes >= Self.toldBytes, time >= Self.toldTime else { return }
        await bus.publish(
            DataSyncContract.transferred,
            TransferMeasure(
                peer: peer, bytes: bytes, seconds: time.seconds, isLimited: isLimited,
                firstByteSeconds: links.estimate(of: peer).roundTrip?.seconds))
    }
}
