public import Core

/// The rules of what may move: kept by the core, known to every edge, enforced on both sides.
public enum SyncPolicyContract {
    /// Edge to core, on every connection and after every change: the policies in force.
    public static let policies = Call<PolicyQuery, PolicyReply>("syncpolicy.policies", audience: .edges)
    /// Announced by the core when a policy changed.
    public static let changed = Topic<PolicyRevision>("syncpolicy.changed")
    /// Local: whether there is a policy of this name.
    public static let exists = Call<PolicyName, PolicyExistence>("syncpolicy.exists", audience: .local)
    /// What the rules say of a transfer, and why; nothing moves. An edge answers for its own side.
    public static let explain = Call<SyncExplainRequest, SyncExplanation>("syncpolicy.explain", audience: .supervisors)
    /// Local: as `explain`, before something is published that somebody asks for; a refusal is in the audit.
    public static let mayLeave = Call<SyncExplainRequest, SyncExplanation>("syncpolicy.mayleave", audience: .local)
    /// Makes a version of an edge's data set present at the core, if the rules of both let it.
    public static let obtain = Call<ObtainRequest, ObtainReply>("syncpolicy.obtain", audience: .operators)
    /// What the rules refused here, newest first.
    public static let audit = Call<AuditQuery, AuditList>("syncpolicy.audit", audience: .supervisors)
}

public struct PolicyQuery: Codable, Sendable {
    /// The revision the edge has, or `nil` for none.
    public var known: PolicyRevision?

    public init(known: PolicyRevision?) { self.known = known }
}

/// Which state of the policies; every change makes a new one. Revisions of two cores do not compare.
public struct PolicyRevision: Codable, Sendable, Hashable {
    /// Made anew with the core's database.
    public var origin: String
    public var number: Int

    public init(origin: String, number: Int) {
        self.origin = origin
        self.number = number
    }
}

public struct PolicyReply: Codable, Sendable {
    public var revision: PolicyRevision
    /// Every policy in force; `nil` when the edge's revision is this one.
    public var policies: PolicySet?

    public init(revision: PolicyRevision, policies: PolicySet?) {
        self.revision = revision
        self.policies = policies
    }
}

/// Everything that decisions about transfers depend on and that the core keeps.
public struct PolicySet: Codable, Sendable, Hashable {
    public var policies: [NamedPolicy]
    /// The data sets whose documents name a policy.
    public var datasets: [DatasetPolicy]

    public init(policies: [NamedPolicy], datasets: [DatasetPolicy] = []) {
        self.policies = policies
        self.datasets = datasets
    }
}

public struct DatasetPolicy: Codable, Sendable, Hashable {
    public var dataset: DatasetName
    public var policy: Name

    public init(dataset: DatasetName, policy: Name) {
        self.dataset = dataset
        self.policy = policy
    }
}

public struct NamedPolicy: Codable, Sendable, Hashable {
    public var name: Name
    public var spec: SyncPolicySpec

    public init(name: Name, spec: SyncPolicySpec) {
        self.name = name
        self.spec = spec
    }
}

public struct PolicyName: Codable, Sendable {
    public var name: Name

    public init(name: Name) { self.name = name }
}

public struct PolicyExistence: Codable, Sendable {
    public var exists: Bool
    /// The names there are.
    public var known: [Name]

    public init(exists: Bool, known: [Name]) {
        self.exists = exists
        self.known = known
    }
}

/// A transfer that somebody wonders about.
public struct SyncExplainRequest: Codable, Sendable {
    public var tags: TransferTags
    public var from: PeerID
    public var to: PeerID
    public var bytes: Int?
    /// Ask this edge for its side; the core answers otherwise.
    public var edge: Name?

    public init(tags: TransferTags, from: PeerID, to: PeerID, bytes: Int? = nil, edge: Name? = nil) {
        self.tags = tags
        self.from = from
        self.to = to
        self.bytes = bytes
        self.edge = edge
    }
}

public enum SyncVerdict: String, Codable, Sendable, Hashable {
    case allow, `defer`, refuse
}

public struct SyncExplanation: Codable, Sendable, Hashable {
    public var verdict: SyncVerdict
    /// The cloud whose rules these are.
    public var cloud: PeerID
    /// Which rule decided.
    public var rule: String
    public var reason: String
    /// With `defer`: when it will be looked at again.
    public var until: Timestamp?
    public var priority: TransferPriority?
    public var codec: TransferCodec?
    public var retention: Retention?
    public var consistency: Consistency?
    /// Every rule that was looked at, in order, with what came of it.
    public var steps: [String]

    public init(
        verdict: SyncVerdict, cloud: PeerID, rule: String, reason: String, until: Timestamp? = nil,
        priority: TransferPriority? = nil, codec: TransferCodec? = nil, retention: Retention? = nil,
        consistency: Consistency? = nil, steps: [String] = []
    ) {
        self.verdict = verdict
        self.cloud = cloud
        self.rule = rule
        self.reason = reason
        self.until = until
        self.priority = priority
        self.codec = codec
        self.retention = retention
        self.consistency = consistency
        self.steps = steps
    }
}

public struct ObtainRequest: Codable, Sendable {
    public var reference: DatasetReference
    /// The edge that has it.
    public var from: Name

    public init(reference: DatasetReference, from: Name) {
        self.reference = reference
        self.from = from
    }
}

public struct ObtainReply: Codable, Sendable {
    /// Held at the core for an hour at least.
    public var manifest: Digest
    public var rawBytes: Int
    /// Bytes that crossed the bus.
    public var movedBytes: Int

    public init(manifest: Digest, rawBytes: Int, movedBytes: Int) {
        self.manifest = manifest
        self.rawBytes = rawBytes
        self.movedBytes = movedBytes
    }
}

public struct AuditQuery: Codable, Sendable {
    public var edge: Name?
    /// The most entries to answer with.
    public var limit: Int

    public init(edge: Name? = nil, limit: Int = 50) {
        self.edge = edge
        self.limit = limit
    }
}

public struct AuditList: Codable, Sendable {
    /// Newest first.
    public var entries: [AuditEntry]

    public init(entries: [AuditEntry]) { self.entries = entries }
}

/// Something that a rule refused; the same thing asked again in short order is counted, not listed again.
public struct AuditEntry: Codable, Sendable, Hashable {
    public var first: Timestamp
    public var last: Timestamp
    public var count: Int
    /// Whether somebody wanted to fetch from here (`serving`), or this cloud wanted to fetch (`fetching`).
    public var direction: TransferDirection
    /// Who asked for it (`serving`), or who was not asked (`fetching`).
    public var peer: PeerID
    /// Of a data set that nobody published, because it may not leave: the SHA-256 of its name.
    public var manifest: Digest
    /// Raw data when nobody had labelled it.
    public var artefact: Artefact
    public var job: Name?
    public var dataset: DatasetName?
    public var rule: String
    public var reason: String

    public init(
        first: Timestamp, last: Timestamp, count: Int, direction: TransferDirection, peer: PeerID, manifest: Digest,
        artefact: Artefact, job: Name?, dataset: DatasetName?, rule: String, reason: String
    ) {
        self.first = first
        self.last = last
        self.count = count
        self.direction = direction
        self.peer = peer
        self.manifest = manifest
        self.artefact = artefact
        self.job = job
        self.dataset = dataset
        self.rule = rule
        self.reason = reason
    }
}
