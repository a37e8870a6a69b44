public import Core

/// What an operator asks of a core's archive in an object store.
extension DataSyncContract {
    /// What is archived, and what waits to be.
    public static let archive = Call<ArchiveQuery, ArchiveReply>("datasync.archive", audience: .operators)
    /// Brings an archived manifest with its shards to this core and holds it; says how far it is.
    public static let archiveRestore = StreamCall<ArchiveRestoreRequest, ArchiveProgress>(
        "datasync.archive-restore", audience: .operators)
    /// Reads and hashes everything that an archived manifest names.
    public static let archiveVerify = StreamCall<ArchiveVerifyRequest, ArchiveProgress>(
        "datasync.archive-verify", audience: .operators)
}

public struct ArchiveQuery: Codable, Sendable {
    public init() {}
}

public struct ArchiveReply: Codable, Sendable, Hashable {
    /// Which store, bucket and prefix it is.
    public var archive: String
    /// How many manifests are to be copied and are not yet.
    public var waiting: Int
    /// What kept the last pass from its end; `nil` when it went well.
    public var failure: Failure?
    /// In order of their digests.
    public var manifests: [ArchivedManifest]

    public init(archive: String, waiting: Int, failure: Failure?, manifests: [ArchivedManifest]) {
        self.archive = archive
        self.waiting = waiting
        self.failure = failure
        self.manifests = manifests
    }
}

public struct ArchivedManifest: Codable, Sendable, Hashable {
    public var manifest: Digest
    /// What it was kept for when it was archived.
    public var references: [String]
    /// Whether it is whole on this core, too.
    public var isHere: Bool

    public init(manifest: Digest, references: [String], isHere: Bool) {
        self.manifest = manifest
        self.references = references
        self.isHere = isHere
    }
}

public struct ArchiveRestoreRequest: Codable, Sendable {
    public var manifest: Digest
    /// What it is kept for from now on.
    public var reference: String
    /// An earlier signing key of this core's that it lost, 64 hexadecimal digits: what that signed counts, too.
    public var signer: String?

    public init(manifest: Digest, reference: String, signer: String? = nil) {
        self.manifest = manifest
        self.reference = reference
        self.signer = signer
    }
}

public struct ArchiveVerifyRequest: Codable, Sendable {
    public var manifest: Digest
    /// Whether what is damaged is sent once more from here.
    public var repairs: Bool

    public init(manifest: Digest, repairs: Bool = false) {
        self.manifest = manifest
        self.repairs = repairs
    }
}

/// How far work on an archived manifest is.
public struct ArchiveProgress: Codable, Sendable, Hashable {
    /// Raw bytes of shards that were read and found sound.
    public var doneBytes: Int
    public var totalBytes: Int
    /// Shards that are damaged in the archive, in the last item.
    public var damaged: [Digest]
    /// Those of them that could not be repaired from here, in the last item.
    public var lost: [Digest]
    public var isDone: Bool

    public init(doneBytes: Int, totalBytes: Int, damaged: [Digest] = [], lost: [Digest] = [], isDone: Bool = false) {
        self.doneBytes = doneBytes
        self.totalBytes = totalBytes
        self.damaged = damaged
        self.lost = lost
        self.isDone = isDone
    }
}
