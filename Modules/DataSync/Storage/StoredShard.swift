public import Contracts

/// A shard as it lies on disk.
public struct StoredShard: Sendable, Hashable {
    public let digest: Digest
    /// Bytes when raw.
    public let size: Int
    public let encoding: ShardEncoding
    /// Bytes as stored, without the file's header.
    public let storedBytes: Int
}
