public import Core

/// What a user writes under `spec` of a `TrainingJob`.
public struct TrainingJobSpec: Codable, Sendable, Hashable {
    /// How the job learns; classified from the rest when left out.
    public var trainingType: TrainingType?
    public var model: ModelSpec
    /// What the edges train on; `nil` for a job that learns in an `environment`.
    public var data: DataSpec?
    /// Rounds of training at the edges and aggregation at the core.
    public var rounds: Int
    /// When it may end before. Default: after all rounds.
    public var target: TargetSpec?
    public var optimizer: OptimizerSpec?
    /// The trained model it starts from. Default: none, an untrained one.
    public var transfer: TransferSpec?
    /// How updates become the next global model. Default: federated averaging.
    public var strategy: StrategySpec?
    public var clients: ClientSpec?
    /// How updates are made smaller on their way. Default: not at all.
    public var compression: CompressionSpec?
    /// What bounds how much the models tell of any one edge. Default: nothing.
    public var privacy: PrivacySpec?
    public var evaluation: EvaluationSpec?
    /// Seconds a round may take; it then closes with the updates that came, if they are enough. Default 60.
    public var roundDeadlineSeconds: Double?
    /// Same seed, same machine kind, same result. Default 0.
    public var seed: UInt64?
    /// The `SyncPolicy` under which its models and updates move. Default: the one of the training type.
    public var sync: Name?
    /// Where it may run and what it needs there.
    public var placement: PlacementSpec?
    /// The world to act in, of a reinforcement job.
    public var environment: EnvironmentSpec?
    /// How a reinforcement job acts and learns. Default: every field's default.
    public var reinforcement: ReinforcementSpec?

    public init(
        trainingType: TrainingType? = nil, model: ModelSpec, data: DataSpec?, rounds: Int,
        optimizer: OptimizerSpec? = nil, strategy: StrategySpec? = nil, clients: ClientSpec? = nil,
        evaluation: EvaluationSpec? = nil, roundDeadlineSeconds: Double? = nil, seed: UInt64? = nil, sync: Name? = nil,
        placement: PlacementSpec? = nil, compression: CompressionSpec? = nil, privacy: PrivacySpec? = nil,
        transfer: TransferSpec? = nil, target: TargetSpec? = nil
    ) {
        self.target = target
        self.transfer = transfer
        self.compression = compression
        self.privacy = privacy
        self.trainingType = trainingType
        self.model = model
        self.data = data
        self.rounds = rounds
        self.optimizer = optimizer
        self.strategy = strategy
        self.clients = clients
        self.evaluation = evaluation
        self.roundDeadlineSeconds = roundDeadlineSeconds
        self.seed = seed
        self.sync = sync
        self.placement = placement
    }
}

/// Which data the edges train on.
public struct DataSpec: Codable, Sendable, Hashable {
    /// The name under which each edge registered its own share.
    public var dataset: Name
    /// Numbers per sample.
    public var features: Int
    /// Distinct labels, 0 ..< classes.
    public var classes: Int

    public init(dataset: Name, features: Int, classes: Int) {
        self.dataset = dataset
        self.features = features
        self.classes = classes
    }

    /// Features and classes that are left out are 0, which only an external model may have.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        dataset = try container.decode(Name.self, forKey: .dataset)
        features = try container.decodeIfPresent(Int.self, forKey: .features) ?? 0
        classes = try container.decodeIfPresent(Int.self, forKey: .classes) ?? 0
    }
}

/// Gradient descent on one edge.
public struct OptimizerSpec: Codable, Sendable, Hashable {
    public enum Kind: String, Codable, Sendable, CaseIterable {
        /// Stochastic gradient descent with momentum.
        case sgd
        case adam
        case adamw
    }

    /// Default `sgd`.
    public var kind: Kind?
    /// Default 0.05, or 0.001 for Adam and AdamW.
    public var learningRate: Double?
    /// Default 0.9.
    public var momentum: Double?
    /// Samples per step. Default 32.
    public var batchSize: Int?
    /// Passes over the local data per round. Default 1.
    public var localEpochs: Int?
    /// L2 penalty. Default 0.
    public var weightDecay: Double?
    /// Whether momentum is Nesterov's. Default false.
    public var nesterov: Bool?
    /// How the learning rate changes from round to round. Default: not at all.
    public var schedule: ScheduleSpec?

    public init(
        kind: Kind? = nil, learningRate: Double? = nil, momentum: Double? = nil, batchSize: Int? = nil,
        localEpochs: Int? = nil, weightDecay: Double? = nil, nesterov: Bool? = nil,
        schedule: ScheduleSpec? = nil
    ) {
        self.schedule = schedule
        self.kind = kind
        self.nesterov = nesterov
        self.learningRate = learningRate
        self.momentum = momentum
        self.batchSize = batchSize
        self.localEpochs = localEpochs
        self.weightDecay = weightDecay
    }
}

/// Which edges take part.
public struct ClientSpec: Codable, Sendable, Hashable {
    /// A round with fewer updates is repeated. Default 1.
    public var minimum: Int?
    /// The most edges a round asks. Default: all that are eligible.
    public var maximum: Int?
    /// The share of the eligible edges that a round asks, drawn anew each round; at least `minimum` edges. Default: all.
    public var fraction: Double?
    /// A round asks so many times as many edges as it needs, and closes once as many as it needs have come. Default: 1.
    public var overselect: Double?
    /// Only these edges. Default: any.
    public var edges: [Name]?
    /// An edge that claims more samples is left out of the round. Default: no bound.
    public var maximumSamples: Int?
    /// An update whose norm is more than so many times the median of the others' is left out. Default 100.
    public var maximumNormRatio: Double?

    public init(
        minimum: Int? = nil, maximum: Int? = nil, edges: [Name]? = nil, maximumSamples: Int? = nil,
        maximumNormRatio: Double? = nil, fraction: Double? = nil, overselect: Double? = nil
    ) {
        self.fraction = fraction
        self.overselect = overselect
        self.minimum = minimum
        self.maximum = maximum
        self.edges = edges
        self.maximumSamples = maximumSamples
        self.maximumNormRatio = maximumNormRatio
    }
}

/// How the core judges the global model.
public struct EvaluationSpec: Codable, Sendable, Hashable {
    /// A data set registered at the core that no edge trains on.
    public var dataset: Name
    /// A data set registered at the core on which the same model is trained centrally, for comparison.
    public var baseline: Name?

    public init(dataset: Name, baseline: Name? = nil) {
        self.dataset = dataset
        self.baseline = baseline
    }
}
