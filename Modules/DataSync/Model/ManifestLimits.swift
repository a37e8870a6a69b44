/// What a manifest may say at most, whoever wrote it; checked before anything is allocated for it.
public struct ManifestLimits: Sendable, Hashable {
    public var shardBytes = 8 << 20
    public var shards = 65_536
    public var tensors = 4096
    public var dimensions = 8
    public var nameBytes = 256
    public var files = 262_144
    public var pathBytes = 1024

    public init() {}
}
