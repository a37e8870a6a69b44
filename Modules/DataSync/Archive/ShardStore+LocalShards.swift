public import Contracts

extension ShardStore: LocalShards {
    public func storedLeaves(of shard: Digest) async throws -> [StoredLeaf] { try await stored(shard) }
}
