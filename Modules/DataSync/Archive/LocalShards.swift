public import Contracts

/// The shards of this machine, as an archive copies them and gives them back.
public protocol LocalShards: Sendable {
    /// The leaves of those of `shards` that are here.
    func lists(_ shards: [Digest]) async throws -> [Digest: LeafList]
    /// All leaves of a shard as they are stored, verified.
    func storedLeaves(of shard: Digest) async throws -> [StoredLeaf]
    /// Stores shards that came from elsewhere, durable when this returns.
    /// - Returns: why each of the others is not stored.
    func accept(_ shards: [ArrivedShard]) async throws -> [Digest: DataSyncError]
}
