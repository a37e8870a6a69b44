public import Core

/// Rounds. Owned by the `FedLearn` module: a coordinator in the core, a participant on every edge.
public enum FedLearnContract {
    /// Core to edge: train this round. Answered at once; the work goes on. Asking again is harmless.
    public static let train = Call<TrainOrder, TrainAcceptance>("fedlearn.train", lane: .model, audience: .core)
    /// Edge to core: my update is ready to be fetched. Answered when the core holds it durably, or refuses it.
    public static let update = Call<UpdateNotice, UpdateVerdict>("fedlearn.update", lane: .model, audience: .edges)
    /// Edge to core: I cannot train this round, and why.
    public static let decline = Call<DeclineNotice, Empty>("fedlearn.decline", lane: .model, audience: .edges)
    /// Core to edge: the job has ended or the round has closed; stop and forget.
    public static let abandon = Call<RoundReference, Empty>("fedlearn.abandon", lane: .model, audience: .core)
    /// Edge to core: which of these jobs are over, so that what is kept for them may go?
    public static let finished = Call<JobList, JobList>("fedlearn.finished", audience: .edges)
    /// Operator to core: the job's committed rounds after this one, as many as fit into an answer.
    public static let rounds = Call<RoundReference, RoundPage>("fedlearn.rounds", audience: .operators)
}

/// Jobs by their uid.
public struct JobList: Codable, Sendable, Hashable {
    public var jobs: [String]
    /// In the answer to `finished`: those of the jobs that do not exist any more, so that not even what is personal is kept.
    public var deleted: [String]?

    public init(jobs: [String], deleted: [String]? = nil) {
        self.jobs = jobs
        self.deleted = deleted
    }
}

public struct RoundPage: Codable, Sendable {
    /// Oldest first, without a gap; empty after the last.
    public var rounds: [RoundSummary]

    public init(rounds: [RoundSummary]) { self.rounds = rounds }
}

public struct RoundReference: Codable, Sendable, Hashable {
    public var jobUID: String
    public var job: Name
    public var round: Int

    public init(jobUID: String, job: Name, round: Int) {
        self.jobUID = jobUID
        self.job = job
        self.round = round
    }
}

public struct TrainOrder: Codable, Sendable, Hashable {
    public var reference: RoundReference
    public var model: ModelSpec
    /// The manifest of the global model to start from.
    public var manifest: Digest
    public var modelBytes: Int
    /// `nil` for a job that learns in an `environment`.
    public var dataset: Name?
    public var features: Int
    /// Outputs of the network: classes, or an environment's actions and the value of a state.
    public var classes: Int
    public var optimizer: OptimizerSpec
    public var seed: UInt64
    /// The round closes after this time; an update that is later is refused.
    public var deadlineSeconds: Double
    /// The job's `spec.sync`.
    public var sync: Name?
    /// Hardware threads that belong to the job alone; `nil` for one that shares.
    public var exclusiveThreads: Int?
    /// The factor μ of FedProx's proximal term μ/2 · ‖w − w₀‖², w₀ being the model the round starts from; `nil` for none.
    public var proximal: Double?
    /// Whether the update must tell the loss of the model the round starts from.
    public var reportsBaseLoss: Bool?
    /// How the update is to be made smaller; `nil` for not at all.
    public var compression: CompressionSpec?
    /// What an external model consists of.
    public var tensors: [TensorSpec]?
    /// The tensors that are not trained and that no update carries, by name.
    public var frozen: [String]?
    /// Where the edge corrects its steps by control variates.
    public var controlVariate: ControlOrder?
    /// The last round to which the edge's contribution was counted, 0 for none: what it kept of that round is what it goes on
    /// from. `nil` when nothing is kept.
    public var lastCounted: Int?
    /// What kind of training it is, for the policies; `nil` for federated.
    public var trainingType: TrainingType?
    /// Where to act, of a reinforcement job.
    public var environment: EnvironmentSpec?
    public var reinforcement: ReinforcementSpec?

    public init(
        reference: RoundReference, model: ModelSpec, manifest: Digest, modelBytes: Int, dataset: Name?, features: Int,
        classes: Int, optimizer: OptimizerSpec, seed: UInt64, deadlineSeconds: Double, sync: Name? = nil,
        exclusiveThreads: Int? = nil, proximal: Double? = nil, reportsBaseLoss: Bool? = nil,
        compression: CompressionSpec? = nil
    ) {
        self.compression = compression
        self.reference = reference
        self.model = model
        self.manifest = manifest
        self.modelBytes = modelBytes
        self.dataset = dataset
        self.features = features
        self.classes = classes
        self.optimizer = optimizer
        self.seed = seed
        self.deadlineSeconds = deadlineSeconds
        self.sync = sync
        self.exclusiveThreads = exclusiveThreads
        self.proximal = proximal
        self.reportsBaseLoss = reportsBaseLoss
    }
}

/// Control variates of a round's edges.
public struct ControlOrder: Codable, Sendable, Hashable {
    /// The manifest of everybody's, of the model's tensors; `nil` for zeros.
    public var manifest: Digest?

    public init(manifest: Digest?) { self.manifest = manifest }
}

public struct TrainAcceptance: Codable, Sendable {
    public var samples: Int

    public init(samples: Int) { self.samples = samples }
}

public struct UpdateNotice: Codable, Sendable, Hashable {
    public var reference: RoundReference
    public var manifest: Digest
    public var samples: Int
    /// Mean loss over the last local epoch; of a policy, the mean squared error of the values it estimates.
    public var loss: Double
    public var trainSeconds: Double
    /// Bytes the edge fetched to start the round.
    public var fetchedBytes: Int
    /// Optimiser steps that were taken.
    public var steps: Int?
    /// Mean loss over the data of the model the round started from, where the order asks for it.
    public var baseLoss: Double?
    /// Of a policy that acted: the mean sum of rewards of the episodes that ended, and how many they were.
    public var meanReturn: Double?
    public var episodes: Int?

    public init(
        reference: RoundReference, manifest: Digest, samples: Int, loss: Double, trainSeconds: Double,
        fetchedBytes: Int, steps: Int? = nil, baseLoss: Double? = nil
    ) {
        self.reference = reference
        self.manifest = manifest
        self.samples = samples
        self.loss = loss
        self.trainSeconds = trainSeconds
        self.fetchedBytes = fetchedBytes
        self.steps = steps
        self.baseLoss = baseLoss
    }
}

public struct UpdateVerdict: Codable, Sendable {
    public var isAccepted: Bool
    public var reason: String
    /// The job needs nothing more: the edge may forget it.
    public var isJobOver: Bool

    public init(isAccepted: Bool, reason: String, isJobOver: Bool = false) {
        self.isAccepted = isAccepted
        self.reason = reason
        self.isJobOver = isJobOver
    }
}

public struct DeclineNotice: Codable, Sendable {
    public var reference: RoundReference
    public var failure: Failure

    public init(reference: RoundReference, failure: Failure) {
        self.reference = reference
        self.failure = failure
    }
}
