public import Core

/// What a user writes under `spec` of a `SyncPolicy`: what may move, which way, when and how.
public struct SyncPolicySpec: Codable, Sendable, Hashable {
    /// For people.
    public var description: String?
    /// Of the rules that fit a transfer, the most specific one decides; what no rule fits is refused.
    public var rules: [SyncRule]

    public init(description: String? = nil, rules: [SyncRule]) {
        self.description = description
        self.rules = rules
    }
}

/// One rule: which transfers it fits, and what becomes of them.
public struct SyncRule: Codable, Sendable, Hashable {
    /// What moves; any when left out.
    public var artefacts: [Artefact]?
    /// Which way; any when left out.
    public var directions: [SyncDirection]?
    /// Only where one of these edges sends or receives; any when left out.
    public var edges: [Name]?
    /// Only versions of these data sets; anything when left out.
    public var datasets: [DatasetName]?
    public var when: SyncMoment
    /// With `when: schedule`.
    public var schedule: SyncSchedule?
    /// With `when: idle-link`: bytes per second that move on the link at most.
    public var idleBelow: ByteCount?
    /// With `when: threshold`.
    public var threshold: SyncThreshold?
    /// Default: normal.
    public var priority: TransferPriority?
    /// Default: auto.
    public var codec: TransferCodec?
    /// What the receiver keeps. Default: forever.
    public var retention: Retention?
    /// Default: eventual.
    public var consistency: Consistency?
    /// Default: public; but raw data is private unless its edge's own configuration says otherwise.
    public var privacy: Privacy?

    public init(
        artefacts: [Artefact]? = nil, directions: [SyncDirection]? = nil, edges: [Name]? = nil,
        datasets: [DatasetName]? = nil, when: SyncMoment, schedule: SyncSchedule? = nil, idleBelow: ByteCount? = nil,
        threshold: SyncThreshold? = nil, priority: TransferPriority? = nil, codec: TransferCodec? = nil,
        retention: Retention? = nil, consistency: Consistency? = nil, privacy: Privacy? = nil
    ) {
        self.artefacts = artefacts
        self.directions = directions
        self.edges = edges
        self.datasets = datasets
        self.when = when
        self.schedule = schedule
        self.idleBelow = idleBelow
        self.threshold = threshold
        self.priority = priority
        self.codec = codec
        self.retention = retention
        self.consistency = consistency
        self.privacy = privacy
    }
}

/// Which way something moves.
public enum SyncDirection: String, Codable, Sendable, Hashable, CaseIterable {
    case coreToEdge = "core-to-edge"
    case edgeToCore = "edge-to-core"
    case edgeToEdge = "edge-to-edge"

    /// From one cloud to another.
    /// - Returns: `nil` within one cloud, where nothing moves.
    public init?(from sender: PeerID, to receiver: PeerID) {
        switch (sender == .core, receiver == .core) {
        case (true, true): return nil
        case (true, false): self = .coreToEdge
        case (false, true): self = .edgeToCore
        case (false, false):
            if sender == receiver { return nil }
            self = .edgeToEdge
        }
    }
}

public enum SyncMoment: String, Codable, Sendable, Hashable, CaseIterable {
    /// As part of a training round.
    case eachRound = "each-round"
    /// As soon as there is something new.
    case onChange = "on-change"
    /// At the times of `schedule`.
    case schedule
    /// While less than `idleBelow` moves on the link.
    case idleLink = "idle-link"
    /// Once `threshold` has gathered.
    case threshold
    case never
}

/// How much has to gather; either is enough when both are there.
public struct SyncThreshold: Codable, Sendable, Hashable {
    public var bytes: ByteCount?
    public var records: Int?

    public init(bytes: ByteCount? = nil, records: Int? = nil) {
        self.bytes = bytes
        self.records = records
    }
}

public enum Consistency: String, Codable, Sendable, Hashable, CaseIterable {
    /// It must be complete before the round goes on.
    case strict
    /// The round does not wait for it.
    case eventual
}

/// The order in which transfers get the link; the smaller one goes first.
public enum TransferPriority: Int, Sendable, Hashable, Comparable, CaseIterable {
    /// At most 64 KiB that somebody waits for.
    case urgent = 0
    /// A round's models and updates.
    case normal = 1
    /// Data sets, anything that may wait.
    case bulk = 2

    /// The word for it in a document.
    public var word: String {
        switch self {
        case .urgent: "urgent"
        case .normal: "normal"
        case .bulk: "bulk"
        }
    }

    public static func < (left: TransferPriority, right: TransferPriority) -> Bool { left.rawValue < right.rawValue }
}

extension TransferPriority: Codable {
    public init(from decoder: any Decoder) throws {
        let word = try decoder.singleValueContainer().decode(String.self)
        guard let value = Self.allCases.first(where: { $0.word == word }) else {
            throw DecodingError.dataCorrupted(
                .init(
                    codingPath: decoder.codingPath,
                    debugDescription: "a priority is urgent, normal or bulk, not '\(word.prefix(60))'"))
        }
        self = value
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(word)
    }
}

/// How bytes are made smaller on their way.
public enum TransferCodec: String, Sendable, Hashable, Codable, CaseIterable {
    /// By what pays on this link.
    case automatic = "auto"
    case lz4
    case zstd
    case none
}
