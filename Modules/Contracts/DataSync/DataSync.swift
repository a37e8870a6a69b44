/// What must move. Owned by the `DataSync` module.
///
/// A model is published once and named by the digest of its manifest; whoever needs it fetches the shards it lacks.
public enum DataSyncContract {
    /// Local: attachment *i* is the raw little-endian bytes of tensor *i*. Cut into shards, stored durably, and held by the
    /// reference until it is released.
    public static let publish = Call<PublishRequest, ManifestSummary>(
        "datasync.publish", lane: .model, audience: .local)
    /// Local: make every shard of a manifest present here, verified and durable, pulling what is missing from `source`.
    public static let fetch = Call<FetchRequest, FetchReply>("datasync.fetch", lane: .model, audience: .local)
    /// Local, and a command line that reads a model out: the raw bytes of one shard (one attachment), verified.
    public static let shard = Call<ShardRequest, ShardReply>("datasync.shard", lane: .model, audience: .operators)
    /// Local, and a command line: the manifest itself. Other clouds get it with an offer.
    public static let manifest = Call<ManifestRequest, Manifest>(
        "datasync.manifest", lane: .model, audience: .operators)
    /// Local: drop a reference; shards that nothing refers to are removed.
    public static let release = Call<ReleaseRequest, Empty>("datasync.release", audience: .local)
    /// Local: every reference that is held and begins with a prefix.
    public static let references = Call<ReferencesRequest, ReferencesReply>("datasync.references", audience: .local)
}

/// The SHA-256 of a shard's raw bytes or of a manifest's canonical encoding, as 64 hexadecimal digits.
public struct Digest: Hashable, Sendable, Codable, CustomStringConvertible {
    public let hex: String

    public init?(hex: String) {
        guard hex.utf8.count == 64,
            hex.utf8.allSatisfy({
                (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0)
                    || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains($0)
            })
        else { return nil }
        self.hex = hex
    }

    public init(from decoder: any Decoder) throws {
        let text = try decoder.singleValueContainer().decode(String.self)
        guard let digest = Digest(hex: text) else {
            throw DecodingError.dataCorrupted(
                .init(
                    codingPath: decoder.codingPath,
                    debugDescription: "a digest is 64 lower-case hexadecimal digits, not '\(text.prefix(80))'"))
        }
        self = digest
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(hex)
    }

    public var description: String { hex }
}

public struct PublishRequest: Codable, Sendable {
    /// Who needs these shards, such as `fedlearn/JOB/3/global`; they stay until it is released.
    public var reference: String
    public var tensors: [TensorSpec]
    /// What it is; without them it counts as raw data.
    public var tags: TransferTags?

    public init(reference: String, tensors: [TensorSpec], tags: TransferTags? = nil) {
        self.reference = reference
        self.tensors = tensors
        self.tags = tags
    }
}

public struct ManifestSummary: Codable, Sendable, Hashable {
    public var digest: Digest
    public var shards: Int
    public var rawBytes: Int
    /// Bytes on disk, after compression.
    public var storedBytes: Int

    public init(digest: Digest, shards: Int, rawBytes: Int, storedBytes: Int) {
        self.digest = digest
        self.shards = shards
        self.rawBytes = rawBytes
        self.storedBytes = storedBytes
    }
}

public struct FetchRequest: Codable, Sendable {
    public var manifest: Digest
    public var source: PeerID
    /// As in `PublishRequest`.
    public var reference: String
    /// The most raw bytes the caller expects; a larger manifest is refused before a shard moves.
    public var maximumBytes: Int
    /// What it is, for the rules of this side; it is held under them afterwards.
    public var tags: TransferTags?
    /// An earlier version that may differ little from it; if it is absent or not known at both sides, the newest that fits.
    public var base: Digest?
    /// Whether nobody waits for it yet: it goes behind everything else.
    public var isAhead: Bool?

    public init(
        manifest: Digest, source: PeerID, reference: String, maximumBytes: Int, tags: TransferTags? = nil,
        base: Digest? = nil
    ) {
        self.base = base
        self.tags = tags
        self.manifest = manifest
        self.source = source
        self.reference = reference
        self.maximumBytes = maximumBytes
    }
}

public struct FetchReply: Codable, Sendable {
    public var manifest: Manifest
    /// Bytes that crossed the bus for this fetch, as compressed.
    public var movedBytes: Int
    public var movedShards: Int
    /// Shards that were here already.
    public var presentShards: Int

    public init(manifest: Manifest, movedBytes: Int, movedShards: Int, presentShards: Int) {
        self.manifest = manifest
        self.movedBytes = movedBytes
        self.movedShards = movedShards
        self.presentShards = presentShards
    }
}

public struct ShardRequest: Codable, Sendable {
    public var digest: Digest

    public init(digest: Digest) { self.digest = digest }
}

public struct ShardReply: Codable, Sendable {
    public var size: Int

    public init(size: Int) { self.size = size }
}

public struct ManifestRequest: Codable, Sendable {
    public var digest: Digest

    public init(digest: Digest) { self.digest = digest }
}

public struct ReleaseRequest: Codable, Sendable {
    /// Every reference with this prefix is dropped.
    public var prefix: String

    public init(prefix: String) { self.prefix = prefix }
}

public struct ReferencesRequest: Codable, Sendable {
    public var prefix: String

    public init(prefix: String) { self.prefix = prefix }
}

public struct ReferencesReply: Codable, Sendable {
    /// In alphabetical order.
    public var references: [String]

    public init(references: [String]) { self.references = references }
}
