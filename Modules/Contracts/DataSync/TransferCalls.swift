/// How one cloud gets what a manifest names from another. A shard is asked for by its place in a manifest that both sides
/// have, so that nothing can be asked for but what that manifest names, and one decision covers all of it.
///
/// 1. `offer` opens a fetch: the manifest itself, which earlier versions the source has too, and who else has it.
/// 2. `lists` names the leaves of shards.
/// 3. `pull` brings the leaves that are wanted, or what they differ by from those of an earlier version.
///
/// What is small comes along with the offer, in one round trip.
extension DataSyncContract {
    public static let offer = Call<OfferRequest, OfferReply>("datasync.offer", lane: .model)
    /// One attachment: for each shard asked for, in order, the bytes of its list as a little-endian `UInt32` and the list; 0
    /// for a shard that is not here yet.
    public static let lists = Call<ListsRequest, ListsReply>("datasync.lists", lane: .model)
    /// By the lane of their priority.
    public static let pullUrgent = StreamCall<PullRequest, PullItem>("datasync.pull.urgent", lane: .control)
    public static let pull = StreamCall<PullRequest, PullItem>("datasync.pull", lane: .model)
    public static let pullBulk = StreamCall<PullRequest, PullItem>("datasync.pull.bulk", lane: .bulk)

    /// Edge to core, when it connects: where other edges can reach it.
    public static let announce = Call<RelayAnnouncement, Empty>("datasync.announce", audience: .edges)
    /// Core to edge: another edge may connect for a while.
    public static let admit = Call<RelayAdmission, Empty>("datasync.admit", audience: .core)
}

public struct OfferRequest: Codable, Sendable {
    public var manifest: Digest
    /// Whether the manifest's bytes are wanted: one attachment then, its canonical JSON.
    public var needsManifest: Bool
    /// Complete versions that the asker has, at most 16.
    public var bases: [Digest]
    /// Holders that failed the asker a moment ago.
    public var avoid: [PeerID]
    /// Whether the asker can connect to other holders.
    public var takesHolders: Bool
    /// What the asker would take along with the manifest, to save asking for it.
    public var along: AlongRequest?

    public init(
        manifest: Digest, needsManifest: Bool, bases: [Digest] = [], avoid: [PeerID] = [], takesHolders: Bool = false,
        along: AlongRequest? = nil
    ) {
        self.along = along
        self.manifest = manifest
        self.needsManifest = needsManifest
        self.bases = bases
        self.avoid = avoid
        self.takesHolders = takesHolders
    }
}

/// All shards of a small version, in the answer to `offer`.
public struct AlongRequest: Codable, Sendable {
    /// The most raw bytes.
    public var bytes: Int
    /// As in `PullRequest`.
    public var codec: String
    public var bytesPerSecond: Double?
    /// Whether it would be asked for by `pullUrgent`.
    public var isUrgent: Bool

    public init(bytes: Int, codec: String = "auto", bytesPerSecond: Double? = nil, isUrgent: Bool = false) {
        self.isUrgent = isUrgent
        self.bytes = bytes
        self.codec = codec
        self.bytesPerSecond = bytesPerSecond
    }
}

/// The shards of the manifest, each once, at its first place. After the manifest's attachment come one with the lists of those of
/// more than one leaf, as `lists` has them, and the bytes.
public struct AlongItem: Codable, Sendable {
    public var item: PullItem
    /// What differences in it lead from.
    public var base: Digest?

    public init(item: PullItem, base: Digest? = nil) {
        self.item = item
        self.base = base
    }
}

public struct OfferReply: Codable, Sendable {
    /// Those of the asker's versions that the source has too, and lets the asker have.
    public var bases: [Digest]
    /// Who else has it or is getting it, better asked than the source.
    public var holders: [Holder]
    /// Who signed the manifest, where its bytes come along; at most 4.
    public var signatures: [ManifestSignature]?
    /// Absent unless the asker wants it and the source can give it at once; then nobody else is named.
    public var along: AlongItem?

    public init(bases: [Digest] = [], holders: [Holder] = [], signatures: [ManifestSignature]? = nil) {
        self.bases = bases
        self.holders = holders
        self.signatures = signatures
    }
}

/// Another cloud that has a manifest's shards, or will in a moment.
public struct Holder: Codable, Sendable, Hashable {
    public var peer: PeerID
    /// `tcp://HOST:PORT`.
    public var address: String
    /// The CURVE key it enrolled with, in Z85; absent where nothing is encrypted.
    public var key: String?

    public init(peer: PeerID, address: String, key: String?) {
        self.peer = peer
        self.address = address
        self.key = key
    }
}

public struct ListsRequest: Codable, Sendable {
    public var manifest: Digest
    /// Places in the manifest's shards, at most 4096.
    public var shards: [Int]

    public init(manifest: Digest, shards: [Int]) {
        self.manifest = manifest
        self.shards = shards
    }
}

public struct ListsReply: Codable, Sendable {
    public var count: Int

    public init(count: Int) { self.count = count }
}

public struct PullRequest: Codable, Sendable {
    public var manifest: Digest
    /// What is wanted, each shard at most once. The source may bring them in another order.
    public var asks: [ShardAsk]
    /// An earlier version that both have: where its shards lie as the manifest's do, their difference may be sent.
    public var base: Digest?
    /// `auto`, `lz4`, `zstd` or `none`.
    public var codec: String
    /// Bytes of one item to aim at.
    public var itemBytes: Int
    /// What the asker measured of the link; absent while it did not.
    public var bytesPerSecond: Double?
    /// Whether the source must read and hash again what it has, because what came the last time was damaged.
    public var recheck: Bool?

    public init(
        manifest: Digest, asks: [ShardAsk], base: Digest? = nil, codec: String = "auto", itemBytes: Int = 1 << 20,
        bytesPerSecond: Double? = nil, recheck: Bool? = nil
    ) {
        self.manifest = manifest
        self.asks = asks
        self.base = base
        self.codec = codec
        self.itemBytes = itemBytes
        self.bytesPerSecond = bytesPerSecond
        self.recheck = recheck
    }
}

public struct ShardAsk: Codable, Sendable, Hashable {
    /// Place in the manifest's shards.
    public var shard: Int
    /// Which leaves, a bit each, least significant first, in hexadecimal bytes; absent for all.
    public var leaves: String?

    public init(shard: Int, leaves: String? = nil) {
        self.shard = shard
        self.leaves = leaves
    }
}

/// What one message brings. The parts of a shard follow each other, its leaves in order; their bytes are in the attachments,
/// one behind the other, each leaf or difference whole in one attachment.
public struct PullItem: Codable, Sendable {
    public var parts: [PullPart]
    /// Whether the source held the link up (a limit on the rate, its turn, its disk), and not the link the source.
    public var isHeld: Bool?

    public init(parts: [PullPart], isHeld: Bool? = nil) {
        self.parts = parts
        self.isHeld = isHeld
    }
}

public struct PullPart: Codable, Sendable, Hashable {
    /// Place in the manifest's shards.
    public var shard: Int
    /// Leaves as their sender stores them, each as `skip << 28 | encoding << 24 | bytes`: `skip` bytes of the attachment mean
    /// nothing to the receiver, then come the leaf's.
    public var leaves: [Int]?
    public var difference: PullDifference?
    /// The source does not have this shard after all.
    public var isAbsent: Bool?

    public init(shard: Int, leaves: [Int]? = nil, difference: PullDifference? = nil, isAbsent: Bool? = nil) {
        self.shard = shard
        self.leaves = leaves
        self.difference = difference
        self.isAbsent = isAbsent
    }
}

/// What the next wanted leaves of a shard, one behind the other, differ by from the bytes at the same places of the base.
public struct PullDifference: Codable, Sendable, Hashable {
    /// How many leaves.
    public var leaves: Int
    /// Bytes of the difference.
    public var bytes: Int
    /// `lz4` or `zstd`.
    public var entropy: String

    public init(leaves: Int, bytes: Int, entropy: String) {
        self.leaves = leaves
        self.bytes = bytes
        self.entropy = entropy
    }
}

public struct RelayAnnouncement: Codable, Sendable {
    /// Where other edges can connect; absent when nowhere.
    public var address: String?

    public init(address: String?) { self.address = address }
}

/// Lets a peer in for a while.
public struct RelayAdmission: Codable, Sendable {
    public var peer: PeerID
    /// Its CURVE key in Z85; absent where nothing is encrypted.
    public var key: String?
    public var seconds: Double

    public init(peer: PeerID, key: String?, seconds: Double) {
        self.peer = peer
        self.key = key
        self.seconds = seconds
    }
}
