import Contracts
import MessageBus
import Telemetry

extension DataSyncService {
    /// A shard's bytes on their way to a peer, and the part of the budget they take until the last of them is sent.
    private final class LentShard: Sendable {
        let payload: ShardBytes
        let lease: ByteBudget.Lease

        init(_ payload: ShardBytes, _ lease: ByteBudget.Lease) {
            self.payload = payload
            self.lease = lease
        }

        var attachment: Attachment { Attachment(owner: self, bytes: payload.buffer.bytes(payload.range)) }
    }

    /// Sends shards as they are stored, as fast as the receiver grants room and `sending` has bytes; one shard that is not
    /// granted yet is in memory.
    func send(_ request: ShardsRequest, to peer: PeerID, _ writer: StreamWriter<ShardItem>) async throws {
        guard request.digests.count <= configuration.limits.shards else {
            throw DataSyncError(
                .tooLarge, "\(request.digests.count) shards in one request, more than \(configuration.limits.shards)")
        }
        for digest in request.digests {
            let bytes = try await workers.run { [shards] in shards.storedBytes(digest) }
            let lease = try await sending.take(bytes, for: peer)
            let (shard, payload) = try await noticingDamage(digest) { [shards, workers] in
                try await workers.run { try shards.stored(digest, recheck: request.recheck ?? false) }
            }
            let item = ShardItem(digest: digest, encoding: shard.encoding, size: shard.size)
            try await send(item, LentShard(payload, lease).attachment, to: peer, writer)
            metrics.sentBytes.increment(by: payload.count)
        }
    }

    /// Sends one shard, or gives up on a receiver that grants no room for it: what is read ahead for it takes memory from
    /// the others.
    private func send(
        _ item: ShardItem, _ payload: Attachment, to peer: PeerID, _ writer: StreamWriter<ShardItem>
    ) async throws {
        let isSent = try await withThrowingTaskGroup(of: Bool.self) { group in
            group.addTask {
                try await writer.send(item, attachments: [payload])
                return true
            }
            group.addTask { [configuration] in
                try await ContinuousClock().sleep(for: configuration.stallTimeout)
                return false
            }
            defer { group.cancelAll() }
            return try await group.next() ?? false
        }
        guard isSent else {
            throw DataSyncError(
                .stalled, "'\(peer)' took no shard for \(configuration.stallTimeout); ask again for the rest",
                isRetriable: true)
        }
    }
}
