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
            guard let list = try await shards.list(digest) else {
                throw DataSyncError(.missing, "shard \(digest) is not here; fetch the manifest that names it")
            }
            let lease = try await sending.take(list.size, for: peer)
            let (item, payload) = try await noticingDamage { try await stored(digest, list, request) }
            try await send(item, LentShard(payload, lease).attachment, to: peer, writer)
            metrics.sentBytes.increment(by: payload.count)
        }
    }

    /// A shard of one leaf as it is stored, or the raw bytes of several.
    private func stored(
        _ digest: Digest, _ list: LeafList, _ request: ShardsRequest
    ) async throws -> (ShardItem, ShardBytes) {
        let leaves = try await shards.stored(digest, check: request.recheck ?? false ? .always : .unlessTrusted)
        if leaves.count == 1, let leaf = leaves.first, leaf.encoding == .raw || leaf.encoding == .lz4 {
            let encoding: ShardEncoding = leaf.encoding == .raw ? .raw : .lz4
            return (ShardItem(digest: digest, encoding: encoding, size: list.size), leaf.payload)
        }
        var item = ShardItem(digest: digest, encoding: .raw, size: list.size)
        item.leaves = list.leaves.map(\.size)
        return (item, try await shards.raw(digest))
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
