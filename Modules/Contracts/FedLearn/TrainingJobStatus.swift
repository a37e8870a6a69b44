public import Core

/// What the platform writes under `status` of a `TrainingJob`.
public struct TrainingJobStatus: Codable, Sendable, Hashable {
    public var phase: JobPhase
    public var conditions: [Condition]
    /// Rounds committed so far.
    public var completedRounds: Int
    public var trainingType: TrainingType?
    public var placement: PlacementPlan?
    /// The round in progress.
    public var current: CurrentRound?
    /// The newest committed rounds, oldest first: at least the last one, and none in a list of jobs. `FedLearnContract.rounds`
    /// tells the others.
    public var rounds: [RoundSummary]
    /// Over every committed round.
    public var totals: RoundTotals
    public var baselineAccuracy: Double?
    /// The newest model, `{group}/{project}/{round}`.
    public var model: String?
    public var traceID: TraceID
    /// What was predicted of the whole job before its first round.
    public var forecast: PlacementPrediction?

    public init(
        phase: JobPhase, conditions: [Condition], completedRounds: Int, trainingType: TrainingType?,
        placement: PlacementPlan?, current: CurrentRound?, rounds: [RoundSummary], totals: RoundTotals,
        baselineAccuracy: Double?, model: String?, traceID: TraceID, forecast: PlacementPrediction? = nil
    ) {
        self.phase = phase
        self.conditions = conditions
        self.completedRounds = completedRounds
        self.trainingType = trainingType
        self.placement = placement
        self.current = current
        self.rounds = rounds
        self.totals = totals
        self.baselineAccuracy = baselineAccuracy
        self.model = model
        self.traceID = traceID
        self.forecast = forecast
    }
}

public enum JobPhase: String, Codable, Sendable, Hashable {
    case pending = "Pending"
    case running = "Running"
    /// By an operator, until one resumes it.
    case paused = "Paused"
    case succeeded = "Succeeded"
    case failed = "Failed"
    /// By an operator; applied again, it goes on.
    case cancelled = "Cancelled"

    public var isTerminal: Bool { self == .succeeded || self == .failed || self == .cancelled }
}

public struct CurrentRound: Codable, Sendable, Hashable {
    public var round: Int
    public var state: String
    public var participants: [Name]
    public var received: [Name]

    public init(round: Int, state: String, participants: [Name], received: [Name]) {
        self.round = round
        self.state = state
        self.participants = participants
        self.received = received
    }
}

public struct RoundSummary: Codable, Sendable, Hashable {
    public var round: Int
    public var model: String
    public var manifest: Digest
    public var contributors: [Contribution]
    /// Edges that were asked and did not contribute, with the reason.
    public var absent: [Absence]
    /// On the evaluation data; `nil` when the job names none.
    public var accuracy: Double?
    public var loss: Double?
    public var seconds: Double
    public var bytesToEdges: Int
    public var bytesFromEdges: Int
    /// What the strategy keeps for the next round, by name: manifests of tensors of the model's shapes. `nil` for none.
    public var state: [String: Digest]?
    /// How the updates were sent; `nil` for a job that says nothing of it.
    public var compression: RoundCompression?
    /// What all rounds up to this one have spent; `nil` for a job without `privacy`.
    public var privacy: RoundPrivacy?
    /// Of a policy: the mean sum of rewards of the episodes on which the core judged it, and how many they were.
    public var meanReturn: Double?
    public var episodes: Int?

    public init(
        round: Int, model: String, manifest: Digest, contributors: [Contribution], absent: [Absence],
        accuracy: Double?, loss: Double?, seconds: Double, bytesToEdges: Int, bytesFromEdges: Int,
        state: [String: Digest]? = nil, compression: RoundCompression? = nil, privacy: RoundPrivacy? = nil
    ) {
        self.compression = compression
        self.privacy = privacy
        self.round = round
        self.model = model
        self.manifest = manifest
        self.contributors = contributors
        self.absent = absent
        self.accuracy = accuracy
        self.loss = loss
        self.seconds = seconds
        self.bytesToEdges = bytesToEdges
        self.bytesFromEdges = bytesFromEdges
        self.state = state
    }
}

/// Sums over committed rounds.
public struct RoundTotals: Codable, Sendable, Hashable {
    /// From the opening of each round to its commit.
    public var seconds: Double
    public var bytesToEdges: Int
    public var bytesFromEdges: Int
    /// The edges that contributed to at least one round, by name.
    public var edges: [Name]

    public init(seconds: Double = 0, bytesToEdges: Int = 0, bytesFromEdges: Int = 0, edges: [Name] = []) {
        self.seconds = seconds
        self.bytesToEdges = bytesToEdges
        self.bytesFromEdges = bytesFromEdges
        self.edges = edges
    }

    public mutating func add(_ round: RoundSummary) {
        seconds += round.seconds
        bytesToEdges += round.bytesToEdges
        bytesFromEdges += round.bytesFromEdges
        let all = Set(edges).union(round.contributors.map(\.edge))
        if all.count > edges.count { edges = all.sorted() }
    }
}

public struct Contribution: Codable, Sendable, Hashable {
    public var edge: Name
    public var samples: Int
    /// Mean training loss the edge reported.
    public var loss: Double
    public var bytes: Int
    /// How far its update lies from the model the round started from (Euclidean).
    public var norm: Double?
    /// Its factor in the next model, where the strategy chose it from what the updates hold.
    public var weight: Double?
    /// Of an edge that acted: the mean sum of rewards of the episodes that ended there, and how many they were.
    public var meanReturn: Double?
    public var episodes: Int?

    public init(
        edge: Name, samples: Int, loss: Double, bytes: Int, norm: Double? = nil, weight: Double? = nil
    ) {
        self.edge = edge
        self.samples = samples
        self.loss = loss
        self.bytes = bytes
        self.norm = norm
        self.weight = weight
    }
}

public struct Absence: Codable, Sendable, Hashable {
    public var edge: Name
    public var reason: String

    public init(edge: Name, reason: String) {
        self.edge = edge
        self.reason = reason
    }
}
