public import Core

/// How a `DataSyncService` cuts, stores and moves; the bounds on what it believes.
public struct DataSyncConfiguration: Sendable {
    /// Bytes of a shard, but for the last one of a tensor.
    public var shardBytes = 1 << 20
    /// Bytes of a leaf of a tensor, but for the last one of a shard.
    public var leafBytes = 64 << 10
    public var limits = ManifestLimits()
    /// The size at which a file of the store is full and the next one begins.
    public var segmentBytes = 256 << 20
    /// Threads that hash, compress, read and write.
    public var workers = 2
    /// Bytes of shards in memory that are being sent, to all peers together; one peer has at most a quarter of them. This and
    /// the next bound memory, whatever the number of peers.
    public var maximumSendingBytes = 8 << 20
    /// Bytes of shards in memory that are being fetched, from all sources together; a fetch waits until enough are free for
    /// it, and takes up to half of what is.
    public var maximumReceivingBytes = 32 << 20
    /// Bytes a source may send ahead, per transfer; less when `maximumReceivingBytes` are short.
    public var windowBytes = 4 << 20
    /// Bytes that are verified, written and made durable together; less when `maximumReceivingBytes` are short.
    public var batchBytes = 8 << 20
    /// A version of at most so many raw bytes comes along with the answer to an offer, 0 for none: asked for at most, and given at
    /// most.
    public var alongBytes = 256 << 10
    /// How long a peer may take nothing before sending to it ends; a fetch gives a source that sends nothing twice as long.
    public var stallTimeout: Duration = .seconds(30)
    /// How long a cloud that is fetching a manifest itself lets another one wait for shards of it, since the last came.
    public var relayPatience: Duration = .seconds(3)
    /// How often and how patiently a transfer that makes no progress is tried again.
    public var retry = RetryPolicy(base: .milliseconds(200), maximum: .seconds(5), attempts: 8)
    /// How long after a leaf was hashed it is taken for sound; then it is hashed again.
    public var trust: Duration = .seconds(60)
    /// Raw bytes of versions that came from elsewhere and that nobody needs any more, which stay in case they are wanted again;
    /// 0 for none.
    public var cacheBytes = 0
    /// What was appended to a data set becomes a version when it has so many bytes, or is so old, or as the threshold of a
    /// policy's rule says.
    public var sealBytes = 64 << 20
    public var sealAge: Duration = .seconds(900)
    /// Of the versions that are made so, each of which contains those before it, the last so many are kept, and pinned ones.
    public var sealedVersions = 16

    /// Off in a library; the daemons take theirs from their configuration.
    public var scrub = ScrubSettings.off
    /// Whether what was found damaged is fetched again from whoever has it without being asked for.
    public var mends = false

    public init() {}
}
