public import Core

/// How a `DataSyncService` cuts, stores and moves; the bounds on what it believes.
public struct DataSyncConfiguration: Sendable {
    /// Bytes of a shard, but for the last one of a tensor.
    public var shardBytes = 1 << 20
    public var limits = ManifestLimits()
    /// Threads that hash, compress, read and write.
    public var workers = 2
    /// Transfers that move bytes at the same time; more wait for their turn, so that memory does not grow with the number
    /// of sources.
    public var maximumTransfers = 6
    /// Bytes a source may send ahead, per transfer.
    public var windowBytes = 4 << 20
    /// Bytes that are verified, written and made durable together.
    public var batchBytes = 2 << 20
    /// How often and how patiently a transfer that makes no progress is tried again.
    public var retry = RetryPolicy(base: .milliseconds(200), maximum: .seconds(5), attempts: 8)
    /// How long after a shard was hashed it is taken for sound as long as its file has not changed; then it is hashed again.
    public var trust: Duration = .seconds(60)

    public init() {}
}
