import Contracts
import MessageBus
import Telemetry

extension DataSyncService {
    /// Sends shards as they are stored, as fast as the receiver grants room; one shard is in memory at a time.
    func send(_ request: ShardsRequest, to peer: PeerID, _ writer: StreamWriter<ShardItem>) async throws {
        guard request.digests.count <= configuration.limits.shards else {
            throw DataSyncError(
                .tooLarge, "\(request.digests.count) shards in one request, more than \(configuration.limits.shards)")
        }
        for digest in request.digests {
            let (shard, payload) = try await noticingDamage(digest) { [shards, workers] in
                try await workers.run { try shards.stored(digest, recheck: request.recheck ?? false) }
            }
            try await writer.send(
                ShardItem(digest: digest, encoding: shard.encoding, size: shard.size), attachments: [payload.attachment]
            )
            metrics.sentBytes.increment(by: payload.count)
        }
    }
}
