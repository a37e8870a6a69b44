public import Core

/// The kinds of resource that exist today. Each is owned by one module, which answers the calls in `ResourceContract`.
public enum ResourceKind: String, Codable, Sendable, CaseIterable {
    case trainingJob = "TrainingJob"
    case edge = "Edge"
    case model = "Model"
    case syncPolicy = "SyncPolicy"
    case dataset = "Dataset"

    /// The words a person may type for it.
    public var aliases: [String] {
        switch self {
        case .trainingJob: ["job", "jobs", "trainingjob", "trainingjobs"]
        case .edge: ["edge", "edges"]
        case .model: ["model", "models"]
        case .syncPolicy: ["syncpolicy", "syncpolicies", "policy", "policies"]
        case .dataset: ["dataset", "datasets"]
        }
    }

    /// Whether people write it; the others are written by the platform alone.
    public var isUserWritten: Bool { self == .trainingJob || self == .syncPolicy || self == .dataset }

    public init?(alias: String) {
        let word = alias.lowercased()
        guard let kind = Self.allCases.first(where: { $0.aliases.contains(word) }) else { return nil }
        self = kind
    }
}

/// The calls that every kind's owner answers; the subject carries the kind.
public enum ResourceContract {
    public static func get(_ kind: ResourceKind) -> Call<ResourceQuery, ResourceList> {
        Call("resource.get.\(kind.rawValue)", audience: .operators)
    }

    public static func apply(_ kind: ResourceKind) -> Call<ApplyRequest, ApplyReply> {
        Call("resource.apply.\(kind.rawValue)", audience: .operators)
    }

    public static func delete(_ kind: ResourceKind) -> Call<ResourceName, Empty> {
        Call("resource.delete.\(kind.rawValue)", audience: .operators)
    }

    /// The human-readable description of one resource.
    public static func describe(_ kind: ResourceKind) -> Call<ResourceName, TextReply> {
        Call("resource.describe.\(kind.rawValue)", audience: .operators)
    }

    /// The documentation of a field path such as `spec.rounds`.
    public static func explain(_ kind: ResourceKind) -> Call<ExplainRequest, TextReply> {
        Call("resource.explain.\(kind.rawValue)", audience: .operators)
    }

    /// The resource now and again after every change, until the asker cancels or it is deleted.
    public static func watch(_ kind: ResourceKind) -> StreamCall<ResourceName, ResourceRecord> {
        StreamCall("resource.watch.\(kind.rawValue)", lane: .control, audience: .operators)
    }
}

/// Which resources of a kind are asked for.
public struct ResourceQuery: Codable, Sendable {
    /// This one, or `nil` for all.
    public var name: String?
    /// Only those of this group.
    public var group: Name?
    /// Only those of this project of `group`.
    public var project: Name?
    /// The most items to answer with; the owner may answer with fewer and a continuation.
    public var limit: Int?
    /// What the answer before named, to go on after it.
    public var continuation: String?

    public init(
        name: String? = nil, group: Name? = nil, project: Name? = nil, limit: Int? = nil, continuation: String? = nil
    ) {
        self.name = name
        self.group = group
        self.project = project
        self.limit = limit
        self.continuation = continuation
    }
}

public struct ResourceName: Codable, Sendable {
    public var name: String

    public init(name: String) { self.name = name }
}

public struct ExplainRequest: Codable, Sendable {
    /// The path below the kind, such as `["spec", "rounds"]`; empty for the kind itself.
    public var path: [String]

    public init(path: [String]) { self.path = path }
}

public struct TextReply: Codable, Sendable {
    public var text: String

    public init(text: String) { self.text = text }
}

public struct ApplyRequest: Codable, Sendable {
    /// One YAML (or JSON) document as the user wrote it.
    public var text: String
    /// What to call it in messages, such as `job.yaml`.
    public var source: String
    /// The line of `source` on which `text` starts, counted from 1.
    public var firstLine: Int
    /// Check everything and change nothing.
    public var isDryRun: Bool

    public init(text: String, source: String, firstLine: Int = 1, isDryRun: Bool = false) {
        self.text = text
        self.source = source
        self.firstLine = firstLine
        self.isDryRun = isDryRun
    }
}

public enum ApplyOutcome: String, Codable, Sendable {
    case created, configured, unchanged
}

public struct ApplyReply: Codable, Sendable {
    public var name: String
    public var outcome: ApplyOutcome
    /// What else applying would do, a line each; only of a dry run.
    public var notes: [String]?

    public init(name: String, outcome: ApplyOutcome, notes: [String]? = nil) {
        self.name = name
        self.outcome = outcome
        self.notes = notes
    }
}

/// What every resource is called and where it belongs.
public struct ResourceMetadata: Codable, Sendable, Hashable {
    public var group: Name?
    public var project: Name?
    /// Unique within its kind. A `Name` for what users write; `{group}/{project}/{round}` for a model.
    public var name: String
    public var labels: [String: String]?
    public var created: Timestamp?
    public var uid: String?

    public init(
        group: Name? = nil, project: Name? = nil, name: String, labels: [String: String]? = nil,
        created: Timestamp? = nil, uid: String? = nil
    ) {
        self.group = group
        self.project = project
        self.name = name
        self.labels = labels
        self.created = created
        self.uid = uid
    }
}

public struct Condition: Codable, Sendable, Hashable {
    public var type: String
    public var isTrue: Bool
    public var reason: String
    public var message: String
    public var since: Timestamp

    public init(type: String, isTrue: Bool, reason: String, message: String, since: Timestamp) {
        self.type = type
        self.isTrue = isTrue
        self.reason = reason
        self.message = message
        self.since = since
    }
}

/// A resource as it is shown: `spec` by its user, `status` by the platform. `status.phase` is always there.
public struct ResourceRecord: Codable, Sendable, Hashable {
    public static let apiVersion = "gedge/v1"

    public var apiVersion: String
    public var kind: ResourceKind
    public var metadata: ResourceMetadata
    public var spec: JSONValue
    public var status: JSONValue

    /// What is wrong with the head of a document that should describe a `kind`, each fault with its place.
    public static func headFaults(of root: SourceNode, expecting kind: ResourceKind) -> [String] {
        [("apiVersion", apiVersion), ("kind", kind.rawValue)].compactMap { field, expected in
            let text = root[field]?.text ?? ""
            guard text != expected else { return nil }
            return "\(root.location(of: field)): \(field) must be '\(expected)', not '\(text.prefix(60))'"
        }
    }

    public init(kind: ResourceKind, metadata: ResourceMetadata, spec: JSONValue, status: JSONValue) {
        apiVersion = Self.apiVersion
        self.kind = kind
        self.metadata = metadata
        self.spec = spec
        self.status = status
    }
}

/// Resources, or one page of them, and how to print them as a table.
public struct ResourceList: Codable, Sendable {
    public var columns: [String]
    /// One row per item, one cell per column.
    public var rows: [[String]]
    public var items: [ResourceRecord]
    /// What to ask for the next page with; `nil` on the last.
    public var continuation: String?

    public init(columns: [String], rows: [[String]], items: [ResourceRecord], continuation: String? = nil) {
        self.columns = columns
        self.rows = rows
        self.items = items
        self.continuation = continuation
    }
}
