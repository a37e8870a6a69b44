public import Core

/// What an edge and the trainers beside it say to each other. A trainer is a program that holds a model which the platform
/// does not know: to the platform it is tensors. Tensors travel as attachments, one each, as little-endian float32.
public enum TrainerContract {
    /// Trainer to edge: I train on this data. Said again after every connection.
    public static let hello = Call<TrainerHello, TrainerWelcome>("trainer.hello", audience: .anyone)
    /// Edge to trainer: which tensors is your untrained model?
    public static let initialise = Call<TrainerTask, TrainerResult>(
        "trainer.initialise", lane: .model, audience: .anyone)
    /// Edge to trainer: train this model on your data.
    public static let fit = Call<TrainerTask, TrainerResult>("trainer.fit", lane: .model, audience: .anyone)
    /// Edge to trainer: how good is this model on your data?
    public static let evaluate = Call<TrainerTask, TrainerResult>("trainer.evaluate", lane: .model, audience: .anyone)
}

public struct TrainerHello: Codable, Sendable, Hashable {
    /// The data that jobs name.
    public var dataset: Name
    /// Program and version, for people.
    public var software: String

    public init(dataset: Name, software: String) {
        self.dataset = dataset
        self.software = software
    }
}

public struct TrainerWelcome: Codable, Sendable, Hashable {
    public var edge: Name

    public init(edge: Name) { self.edge = edge }
}

public struct TrainerTask: Codable, Sendable, Hashable {
    public var job: Name
    public var dataset: Name
    /// 0 before the first.
    public var round: Int
    /// What the attachments are, in order; none to initialise.
    public var tensors: [TensorSpec]
    /// The job's `spec.optimizer`, as far as it says anything.
    public var optimizer: OptimizerSpec?
    public var seed: UInt64
    /// The factor of FedProx's proximal term.
    public var proximal: Double?

    public init(
        job: Name, dataset: Name, round: Int, tensors: [TensorSpec] = [], optimizer: OptimizerSpec? = nil,
        seed: UInt64, proximal: Double? = nil
    ) {
        self.job = job
        self.dataset = dataset
        self.round = round
        self.tensors = tensors
        self.optimizer = optimizer
        self.seed = seed
        self.proximal = proximal
    }
}

public struct TrainerResult: Codable, Sendable, Hashable {
    /// What the attachments are, in order; none of an evaluation.
    public var tensors: [TensorSpec]
    /// On which it trained or judged.
    public var samples: Int?
    /// Mean loss of an evaluation.
    public var loss: Double?
    /// Whatever else the trainer measured; `loss` and `accuracy` are understood.
    public var metrics: [String: Double]

    public init(tensors: [TensorSpec] = [], samples: Int? = nil, loss: Double? = nil, metrics: [String: Double] = [:]) {
        self.tensors = tensors
        self.samples = samples
        self.loss = loss
        self.metrics = metrics
    }
}

extension FedLearnContract {
    /// Core to edge: have your trainer make the untrained model of this job. Answered when it can be fetched.
    public static let initialise = Call<ModelOrder, InitialModel>("fedlearn.initialise", lane: .model, audience: .core)
    /// Core to edge: have your trainer judge this model.
    public static let evaluate = Call<ModelOrder, ModelScore>("fedlearn.evaluate", lane: .model, audience: .core)
}

/// Work on a job's model beside its training.
public struct ModelOrder: Codable, Sendable, Hashable {
    public var reference: RoundReference
    public var dataset: Name
    public var seed: UInt64
    public var deadlineSeconds: Double
    /// The job's `spec.sync`.
    public var sync: Name?
    /// The model to judge and what it consists of.
    public var manifest: Digest?
    public var tensors: [TensorSpec]?

    public init(
        reference: RoundReference, dataset: Name, seed: UInt64, deadlineSeconds: Double, sync: Name? = nil,
        manifest: Digest? = nil, tensors: [TensorSpec]? = nil
    ) {
        self.reference = reference
        self.dataset = dataset
        self.seed = seed
        self.deadlineSeconds = deadlineSeconds
        self.sync = sync
        self.manifest = manifest
        self.tensors = tensors
    }
}

public struct InitialModel: Codable, Sendable, Hashable {
    public var manifest: Digest
    public var tensors: [TensorSpec]

    public init(manifest: Digest, tensors: [TensorSpec]) {
        self.manifest = manifest
        self.tensors = tensors
    }
}

public struct ModelScore: Codable, Sendable, Hashable {
    public var samples: Int
    public var loss: Double
    public var accuracy: Double?

    public init(samples: Int, loss: Double, accuracy: Double? = nil) {
        self.samples = samples
        self.loss = loss
        self.accuracy = accuracy
    }
}
