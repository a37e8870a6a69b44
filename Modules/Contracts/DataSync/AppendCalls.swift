public import Core

/// What is added to a data set where it arises, whether or not the core can be reached. An edge answers the command lines of
/// its own machine.
extension DataSyncContract {
    /// Adds whole records, the one attachment, behind those of before. They are durable when it is answered, and are there once
    /// however often they are sent, if their producer says where in its own stream they begin. Without an attachment it only
    /// says how far the producer is.
    public static let append = Call<AppendRequest, AppendReply>("datasync.append", lane: .bulk, audience: .operators)
    /// Adds files that the answering daemon can read; says how far it is. They are durable with the last item.
    public static let appendFiles = StreamCall<AppendFilesRequest, AppendFilesProgress>(
        "datasync.append-files", audience: .operators)
    /// Makes a version of what was appended since the last one, and of everything that the last one has.
    public static let seal = Call<SealRequest, SealReply>("datasync.seal", lane: .bulk, audience: .supervisors)
}

public struct AppendRequest: Codable, Sendable {
    public var dataset: DatasetName
    public var format: RecordFormat
    /// Who sends it, 1 to 128 bytes; with it, what was sent before is recognised.
    public var producer: String?
    /// Where in the producer's own stream the attachment begins, counted in bytes of everything it ever appended to the data
    /// set. Left out: behind what it appended last.
    public var offset: Int?
    /// What it is; raw data unless told otherwise. One data set holds one artefact.
    public var artefact: Artefact?
    /// As in `TransferTags`; a version is anonymised when everything in it is.
    public var isAnonymised: Bool?

    public init(
        dataset: DatasetName, format: RecordFormat = .lines, producer: String? = nil, offset: Int? = nil,
        artefact: Artefact? = nil, isAnonymised: Bool? = nil
    ) {
        self.dataset = dataset
        self.format = format
        self.producer = producer
        self.offset = offset
        self.artefact = artefact
        self.isAnonymised = isAnonymised
    }
}

public struct AppendReply: Codable, Sendable, Hashable {
    /// Bytes of the producer's stream that are durable here; of what was just sent when it named no producer.
    public var position: Int
    /// Bytes that were new.
    public var acceptedBytes: Int
    /// What the data set has that is in no version yet.
    public var open: OpenData

    public init(position: Int, acceptedBytes: Int, open: OpenData) {
        self.position = position
        self.acceptedBytes = acceptedBytes
        self.open = open
    }
}

/// What was appended to a data set and is in no version yet.
public struct OpenData: Codable, Sendable, Hashable {
    public var bytes: Int
    public var records: Int
    public var files: Int
    /// When the first of it came, and the last.
    public var first: Timestamp
    public var last: Timestamp

    public init(bytes: Int, records: Int, files: Int, first: Timestamp, last: Timestamp) {
        self.bytes = bytes
        self.records = records
        self.files = files
        self.first = first
        self.last = last
    }
}

public struct AppendFilesRequest: Codable, Sendable {
    public var dataset: DatasetName
    /// A file or a directory, absolute; read with the daemon's own rights.
    public var path: String
    /// What a single file is called in the data set, or the directory that a directory's files come to lie in. Left out: the
    /// file's own name, and no directory.
    public var target: String?
    public var artefact: Artefact?
    public var isAnonymised: Bool?

    public init(
        dataset: DatasetName, path: String, target: String? = nil, artefact: Artefact? = nil,
        isAnonymised: Bool? = nil
    ) {
        self.dataset = dataset
        self.path = path
        self.target = target
        self.artefact = artefact
        self.isAnonymised = isAnonymised
    }
}

/// How far an append of files is; the last one has `open`.
public struct AppendFilesProgress: Codable, Sendable {
    public var rawBytes: Int
    public var totalBytes: Int
    public var files: Int
    /// Files that were in the data set already, with this content.
    public var knownFiles: Int
    public var open: OpenData?

    public init(rawBytes: Int, totalBytes: Int, files: Int, knownFiles: Int = 0, open: OpenData? = nil) {
        self.rawBytes = rawBytes
        self.totalBytes = totalBytes
        self.files = files
        self.knownFiles = knownFiles
        self.open = open
    }
}

public struct SealRequest: Codable, Sendable {
    public var dataset: DatasetName
    public var edge: Name?

    public init(dataset: DatasetName, edge: Name? = nil) {
        self.dataset = dataset
        self.edge = edge
    }
}

public struct SealReply: Codable, Sendable {
    /// What was made, or the newest when nothing had been appended since.
    public var version: DatasetVersion
    public var isUnchanged: Bool

    public init(version: DatasetVersion, isUnchanged: Bool) {
        self.version = version
        self.isUnchanged = isUnchanged
    }
}
