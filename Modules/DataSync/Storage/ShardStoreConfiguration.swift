/// How a `ShardStore` keeps its files.
public struct ShardStoreConfiguration: Sendable, Hashable {
    /// The size at which a segment is full and the next one begins; a single leaf may exceed it.
    public var segmentBytes = 256 << 20
    /// Threads that hash, pack and read.
    public var workers = 2
    /// How long a leaf is taken for sound after it was hashed; then it is hashed again when it is read.
    public var trust: Duration = .seconds(60)
    /// The most damaged leaves that are kept in `quarantine` for whoever looks into the cause.
    public var quarantined = 16

    public init() {}
}
