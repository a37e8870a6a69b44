import Contracts
@testable import DataSync
import Synchronization
import TestKit

/// Shards in memory, as a machine would hold them.
final class MemoryShards: LocalShards {
    private let state = Mutex<[Digest: (list: LeafList, leaves: [StoredLeaf])]>([:])

    func lists(_ shards: [Digest]) async throws -> [Digest: LeafList] {
        state.withLock { state in
            Dictionary(shards.compactMap { shard in state[shard].map { (shard, $0.list) } }) { first, _ in first }
        }
    }

    func storedLeaves(of shard: Digest) async throws -> [StoredLeaf] {
        guard let found = state.withLock({ $0[shard] }) else { throw DataSyncError(.missing, "no shard \(shard)") }
        return found.leaves
    }

    func accept(_ shards: [ArrivedShard]) async throws -> [Digest: DataSyncError] {
        for shard in shards {
            let leaves = zip(shard.list.leaves, shard.contents).compactMap { leaf, content -> StoredLeaf? in
                guard case .encoded(let encoding, let payload) = content else { return nil }
                return StoredLeaf(leaf: leaf, encoding: encoding, payload: payload)
            }
            state.withLock { $0[shard.digest] = (shard.list, leaves) }
        }
        return [:]
    }

    /// Cuts `raw` into leaves of 64 KiB, and keeps them as one shard.
    /// - Returns: its name.
    func add(_ raw: [UInt8]) -> Digest? {
        let leaves = stride(from: 0, to: raw.count, by: 65_536).map { start in
            let part = Array(raw[start..<min(raw.count, start + 65_536)])
            let packed = part.withUnsafeBytes { LeafCodec.encode($0, elementBytes: 1, level: .fast) }
            return StoredLeaf(
                leaf: Leaf(key: LeafKey(part.withUnsafeBytes { SHA256.digest(of: $0) }), size: part.count),
                encoding: packed?.encoding ?? .raw, payload: ShardBytes(packed?.payload ?? part))
        }
        guard let list = LeafList(leaves.map(\.leaf)) else { return nil }
        state.withLock { $0[list.digest] = (list, leaves) }
        return list.digest
    }

    var count: Int { state.withLock { $0.count } }

    /// Bytes of which a part compresses.
    static func bytes(_ count: Int, _ generator: inout SeededGenerator) -> [UInt8] {
        (0..<count).map { $0 % 65_536 < 20_000 ? 7 : UInt8.random(in: 0...255, using: &generator) }
    }
}
