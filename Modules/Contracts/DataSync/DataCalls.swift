public import Core

/// What an operator asks of `DataSync`: data sets and their versions, and the transfers there are.
///
/// Each question may name an edge; the core passes it on, with `edge` left out, by the very same call.
extension DataSyncContract {
    /// Every data set that is known here, with its newest version.
    public static let catalogue = Call<CatalogueQuery, CatalogueReply>("datasync.catalogue", audience: .supervisors)
    /// Edge to core: what changed of the data sets that the edge has since it last told; never the data.
    public static let announceCatalogue = Call<CatalogueAnnouncement, CatalogueReceipt>(
        "datasync.announce-catalogue", audience: .edges)
    /// The versions of one data set, oldest first.
    public static let versions = Call<VersionsQuery, VersionList>("datasync.versions", audience: .supervisors)
    /// Makes a new version of a data set from files that the answering daemon can read; says how far it is, and last what
    /// it made. A stream that is dropped is abandoned: nothing of it stays.
    public static let ingest = StreamCall<IngestRequest, IngestProgress>("datasync.ingest", audience: .operators)
    /// The raw bytes of a manifest's entries, end to end in its order, one attachment an item, each at most 1 MiB.
    public static let read = StreamCall<ReadRequest, ReadItem>("datasync.read", audience: .operators)
    /// Removes a version, or all of them; a pinned one is refused.
    public static let removeVersion = Call<DatasetReference, RemovalReply>(
        "datasync.remove-version", audience: .operators)
    /// Pins or unpins a version: no retention rule and no eviction takes a pinned one.
    public static let pin = Call<PinRequest, Empty>("datasync.pin", audience: .operators)
    /// Reads and hashes everything that a version, or the whole store, consists of.
    public static let verify = StreamCall<VerifyRequest, VerifyProgress>("datasync.verify", audience: .supervisors)
    /// The transfers that go on, wait or lately ended.
    public static let status = Call<SyncStatusQuery, SyncStatus>("datasync.status", audience: .supervisors)
    /// Pauses, resumes, cancels or limits transfers. What is paused stays so until it is resumed or the daemon restarts.
    public static let control = Call<SyncControl, SyncControlReply>("datasync.control", audience: .supervisors)
}

// MARK: Data sets

public struct CatalogueQuery: Codable, Sendable {
    /// What this edge has; of one that is away, what it told last.
    public var edge: Name?
    /// Whether what the edges told counts too, besides what is stored at whoever answers.
    public var isEverywhere: Bool?

    public init(edge: Name? = nil, isEverywhere: Bool? = nil) {
        self.edge = edge
        self.isEverywhere = isEverywhere
    }
}

public struct CatalogueReply: Codable, Sendable {
    /// In order of their names.
    public var datasets: [CatalogueEntry]

    public init(datasets: [CatalogueEntry]) { self.datasets = datasets }
}

/// What is known of a data set: never the data.
public struct CatalogueEntry: Codable, Sendable, Hashable {
    public var dataset: DatasetName
    /// How many versions there are.
    public var versions: Int
    /// `nil` when nothing of it is in a version yet.
    public var newest: DatasetVersion?
    /// Raw bytes of all versions, each counted whole.
    public var rawBytes: Int
    /// What was appended and is in no version yet; `nil` for nothing.
    public var open: OpenData?
    /// What it is.
    public var artefact: Artefact
    /// Who may have it, as far as the cloud that has it says; `nil` when it does not.
    public var privacy: Privacy?
    /// The edge that has it, where it is not the one that answers.
    public var edge: Name?
    /// When that edge told, and whether it is away, so that it may have changed since.
    public var told: Timestamp?
    public var isStale: Bool?

    /// - Parameter artefact: when there is no version to say it.
    public init(
        dataset: DatasetName, versions: Int, newest: DatasetVersion?, rawBytes: Int, open: OpenData? = nil,
        artefact: Artefact? = nil, privacy: Privacy? = nil
    ) {
        self.dataset = dataset
        self.versions = versions
        self.newest = newest
        self.rawBytes = rawBytes
        self.open = open
        self.artefact = artefact ?? newest?.artefact ?? .rawData
        self.privacy = privacy
    }

    /// When something of it last changed.
    public var changed: Timestamp? { [newest?.created, open?.last].compactMap { $0 }.max() }
}

public struct VersionsQuery: Codable, Sendable {
    public var dataset: DatasetName
    public var edge: Name?

    public init(dataset: DatasetName, edge: Name? = nil) {
        self.dataset = dataset
        self.edge = edge
    }
}

public struct VersionList: Codable, Sendable {
    /// Oldest first.
    public var versions: [DatasetVersion]

    public init(versions: [DatasetVersion]) { self.versions = versions }
}

public struct DatasetVersion: Codable, Sendable, Hashable {
    public var reference: DatasetReference
    public var manifest: Digest
    public var created: Timestamp
    /// Files, or tensors.
    public var entries: Int
    public var rawBytes: Int
    /// Whether every shard is here.
    public var isComplete: Bool
    public var isPinned: Bool
    /// What it is; raw data unless its writer said otherwise.
    public var artefact: Artefact
    /// Records that were appended to it; `nil` for none.
    public var records: Int?

    public init(
        reference: DatasetReference, manifest: Digest, created: Timestamp, entries: Int, rawBytes: Int,
        isComplete: Bool, isPinned: Bool, artefact: Artefact, records: Int? = nil
    ) {
        self.records = records
        self.reference = reference
        self.manifest = manifest
        self.created = created
        self.entries = entries
        self.rawBytes = rawBytes
        self.isComplete = isComplete
        self.isPinned = isPinned
        self.artefact = artefact
    }
}

public struct IngestRequest: Codable, Sendable {
    public var dataset: DatasetName
    /// A file or a directory, absolute; read with the daemon's own rights. The command line and the core share a machine.
    public var path: String
    /// What is being stored; raw data unless told otherwise.
    public var artefact: Artefact
    public var isPinned: Bool
    /// As in `TransferTags`.
    public var isAnonymised: Bool?

    public init(
        dataset: DatasetName, path: String, artefact: Artefact = .rawData, isPinned: Bool = false,
        isAnonymised: Bool? = nil
    ) {
        self.dataset = dataset
        self.path = path
        self.artefact = artefact
        self.isPinned = isPinned
        self.isAnonymised = isAnonymised
    }
}

/// How far an ingest is; the last one has the version.
public struct IngestProgress: Codable, Sendable {
    public var entries: Int
    public var totalEntries: Int
    public var rawBytes: Int
    public var totalBytes: Int
    /// Raw bytes that were here already.
    public var deduplicatedBytes: Int
    /// Raw bytes that compression spared the disk.
    public var compressionSavedBytes: Int
    /// What was made, in the last item: the version before it when nothing differs.
    public var version: DatasetVersion?
    /// Whether the content equals the newest version's, so that no version was made.
    public var isUnchanged: Bool

    public init(
        entries: Int, totalEntries: Int, rawBytes: Int, totalBytes: Int, deduplicatedBytes: Int,
        compressionSavedBytes: Int, version: DatasetVersion? = nil, isUnchanged: Bool = false
    ) {
        self.entries = entries
        self.totalEntries = totalEntries
        self.rawBytes = rawBytes
        self.totalBytes = totalBytes
        self.deduplicatedBytes = deduplicatedBytes
        self.compressionSavedBytes = compressionSavedBytes
        self.version = version
        self.isUnchanged = isUnchanged
    }
}

public struct ReadRequest: Codable, Sendable {
    public var manifest: Digest
    /// Where to start, in raw bytes from the first entry's start.
    public var offset: Int
    /// How many bytes; `nil` for all that follow.
    public var count: Int?

    public init(manifest: Digest, offset: Int = 0, count: Int? = nil) {
        self.manifest = manifest
        self.offset = offset
        self.count = count
    }
}

/// One attachment: raw bytes, verified.
public struct ReadItem: Codable, Sendable {
    /// Of the attachment's first byte, counted as in `ReadRequest`.
    public var offset: Int

    public init(offset: Int) { self.offset = offset }
}

public struct RemovalReply: Codable, Sendable {
    public var versions: Int

    public init(versions: Int) { self.versions = versions }
}

public struct PinRequest: Codable, Sendable {
    public var reference: DatasetReference
    public var isPinned: Bool

    public init(reference: DatasetReference, isPinned: Bool) {
        self.reference = reference
        self.isPinned = isPinned
    }
}

public struct VerifyRequest: Codable, Sendable {
    /// `nil` for everything that is stored.
    public var reference: DatasetReference?
    public var edge: Name?

    public init(reference: DatasetReference? = nil, edge: Name? = nil) {
        self.reference = reference
        self.edge = edge
    }
}

/// How far a verification is; the last one has `isDone`.
public struct VerifyProgress: Codable, Sendable {
    public var checkedBytes: Int
    public var totalBytes: Int
    /// Shards found damaged so far; their bytes are put aside and are fetched again when they are asked for.
    public var damaged: [Digest]
    public var isDone: Bool

    public init(checkedBytes: Int, totalBytes: Int, damaged: [Digest], isDone: Bool) {
        self.checkedBytes = checkedBytes
        self.totalBytes = totalBytes
        self.damaged = damaged
        self.isDone = isDone
    }
}
