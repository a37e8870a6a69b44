public import Core

/// Where it should run. Owned by the `Placement` module.
public enum PlacementContract {
    public static let plan = Call<PlacementRequest, PlacementPlan>("placement.plan", audience: .operators)
    /// The core's services: what a committed round took, to predict others by. A record that is told twice counts once.
    public static let record = Call<RoundRecords, Empty>("placement.record", audience: .local)
}

public enum TrainingType: String, Codable, Sendable, CaseIterable, Hashable {
    case federated, transfer, reinforcement, centralised
}

/// What placement needs to know of a job.
public struct PlacementRequest: Codable, Sendable {
    public var job: Name
    /// The type the job names, or `nil` to have it classified.
    public var declaredType: TrainingType?
    public var dataset: Name
    /// Bytes a participant must have free in memory.
    public var memory: Int64
    /// Bytes of the model.
    public var modelBytes: Int64
    public var features: Int
    public var classes: Int
    /// The edges the job allows, or `nil` for any.
    public var allowedEdges: [Name]?
    public var minimumEdges: Int
    public var maximumEdges: Int?

    public init(
        job: Name, declaredType: TrainingType?, dataset: Name, memory: Int64, modelBytes: Int64, features: Int,
        classes: Int, allowedEdges: [Name]?, minimumEdges: Int, maximumEdges: Int?
    ) {
        self.job = job
        self.declaredType = declaredType
        self.dataset = dataset
        self.memory = memory
        self.modelBytes = modelBytes
        self.features = features
        self.classes = classes
        self.allowedEdges = allowedEdges
        self.minimumEdges = minimumEdges
        self.maximumEdges = maximumEdges
    }
}

/// Which edges take part, and for each edge why or why not.
public struct PlacementPlan: Codable, Sendable, Hashable {
    public var trainingType: TrainingType
    /// The rule that named the training type.
    public var typeReason: String
    public var decisions: [PlacementDecision]

    public init(trainingType: TrainingType, typeReason: String, decisions: [PlacementDecision]) {
        self.trainingType = trainingType
        self.typeReason = typeReason
        self.decisions = decisions
    }

    /// The edges that were chosen, by name.
    public var chosen: [Name] { decisions.filter { $0.outcome == .chosen }.map(\.edge).sorted() }

    /// The edges worth waiting for a moment: they were here before the core restarted.
    public var pending: [Name] { decisions.filter { $0.outcome == .pending }.map(\.edge).sorted() }
}

public enum PlacementOutcome: String, Codable, Sendable, Hashable {
    case chosen = "Chosen"
    case rejected = "Rejected"
    /// It would be eligible once it has reconnected.
    case pending = "Pending"
}

public struct PlacementDecision: Codable, Sendable, Hashable {
    public var edge: Name
    public var outcome: PlacementOutcome
    /// Higher is better; `nil` for an edge that is not eligible.
    public var score: Double?
    public var reason: String

    public init(edge: Name, outcome: PlacementOutcome, score: Double?, reason: String) {
        self.edge = edge
        self.outcome = outcome
        self.score = score
        self.reason = reason
    }
}
