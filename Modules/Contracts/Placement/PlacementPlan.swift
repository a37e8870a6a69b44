public import Core

/// Which edges take part, and for each edge why or why not.
public struct PlacementPlan: Codable, Sendable, Hashable {
    public var trainingType: TrainingType
    /// The rule that named the training type.
    public var typeReason: String
    /// By edge.
    public var decisions: [PlacementDecision]
    public var policy: PlacementPolicy?
    /// What the training type makes of moving the model against moving the data.
    public var modelWeight: Double?
    public var dataWeight: Double?
    /// How long it is going to take on the edges that were chosen.
    public var prediction: PlacementPrediction?
    /// Why nothing was chosen although the job can run here; `nil` for a plan that is complete, or one that no wait completes.
    public var wait: PlacementWait?
    /// What else a person should know, such as a deadline that cannot be met.
    public var notes: [String]?

    public init(
        trainingType: TrainingType, typeReason: String, decisions: [PlacementDecision],
        policy: PlacementPolicy? = nil, modelWeight: Double? = nil, dataWeight: Double? = nil,
        prediction: PlacementPrediction? = nil, wait: PlacementWait? = nil, notes: [String]? = nil
    ) {
        self.trainingType = trainingType
        self.typeReason = typeReason
        self.decisions = decisions
        self.policy = policy
        self.modelWeight = modelWeight
        self.dataWeight = dataWeight
        self.prediction = prediction
        self.wait = wait
        self.notes = notes
    }

    /// The edges that were chosen, by name.
    public var chosen: [Name] { decisions.filter { $0.outcome == .chosen }.map(\.edge).sorted() }

    /// The edges worth waiting for a moment: they were here before the core restarted.
    public var pending: [Name] { decisions.filter { $0.outcome == .pending }.map(\.edge).sorted() }
}

public enum PlacementOutcome: String, Codable, Sendable, Hashable {
    case chosen = "Chosen"
    /// It could take part, and is not needed.
    case spare = "Spare"
    case rejected = "Rejected"
    /// It could take part if others held less of it.
    case full = "Full"
    /// It would be eligible once it has reconnected.
    case pending = "Pending"
}

public struct PlacementDecision: Codable, Sendable, Hashable {
    public var edge: Name
    public var outcome: PlacementOutcome
    /// The policy's own measure; `nil` for an edge that cannot take part.
    public var score: Double?
    public var reason: String
    public var terms: PlacementTerms?

    public init(
        edge: Name, outcome: PlacementOutcome, score: Double?, reason: String, terms: PlacementTerms? = nil
    ) {
        self.edge = edge
        self.outcome = outcome
        self.score = score
        self.reason = reason
        self.terms = terms
    }
}

/// What a round on one edge is made of, in seconds.
public struct PlacementTerms: Codable, Sendable, Hashable {
    public var samples: Int
    public var computeSeconds: Double
    /// The model to the edge and its update back, with the round trips and everything else that is not training.
    public var transferSeconds: Double
    /// Where the numbers come from.
    public var basis: String

    public var roundSeconds: Double { computeSeconds + transferSeconds }

    public init(samples: Int, computeSeconds: Double, transferSeconds: Double, basis: String) {
        self.samples = samples
        self.computeSeconds = computeSeconds
        self.transferSeconds = transferSeconds
        self.basis = basis
    }
}

/// How long the rounds that are still to come will take.
public struct PlacementPrediction: Codable, Sendable, Hashable {
    public var roundSeconds: Double
    public var totalSeconds: Double
    /// Nine times out of ten it takes between these.
    public var lowSeconds: Double
    public var highSeconds: Double
    /// What it was learned from.
    public var basis: String

    public init(
        roundSeconds: Double, totalSeconds: Double, lowSeconds: Double, highSeconds: Double, basis: String
    ) {
        self.roundSeconds = roundSeconds
        self.totalSeconds = totalSeconds
        self.lowSeconds = lowSeconds
        self.highSeconds = highSeconds
        self.basis = basis
    }
}

/// What a job waits for.
public struct PlacementWait: Codable, Sendable, Hashable {
    /// What is short, where, by how much, and who has it.
    public var reason: String
    /// When enough is predicted to be free; `nil` when nobody knows.
    public var until: Timestamp?
    /// When to ask again.
    public var retrySeconds: Double
    /// Whether no wait will help, unless the job or the core's configuration is changed.
    public var isForever: Bool?

    public init(reason: String, until: Timestamp? = nil, retrySeconds: Double, isForever: Bool? = nil) {
        self.isForever = isForever
        self.reason = reason
        self.until = until
        self.retrySeconds = retrySeconds
    }
}
