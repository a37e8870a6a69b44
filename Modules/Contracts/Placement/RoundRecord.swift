public import Core

/// What the time of a round depends on, the machine and the amount of data apart: the key by which runs are alike.
public struct TrainingWorkload: Codable, Sendable, Hashable {
    public var trainingType: TrainingType
    /// The family of the architecture, such as `softmax` or `perceptron`.
    public var model: String
    /// How many numbers the model has.
    public var parameters: Int
    /// What they are stored in, such as `float32`.
    public var precision: String
    /// Numbers per sample.
    public var features: Int
    /// Samples per step.
    public var batchSize: Int
    /// Passes over the data in a round.
    public var localEpochs: Int

    public init(
        trainingType: TrainingType, model: String, parameters: Int, precision: String = "float32", features: Int,
        batchSize: Int, localEpochs: Int
    ) {
        self.trainingType = trainingType
        self.model = model
        self.parameters = parameters
        self.precision = precision
        self.features = features
        self.batchSize = batchSize
        self.localEpochs = localEpochs
    }
}

/// One edge's part in one round that is over: what `Placement` learns from.
public struct RoundRecord: Codable, Sendable, Hashable {
    public var jobUID: String
    public var job: Name
    public var round: Int
    public var edge: Name
    public var workload: TrainingWorkload
    public var samples: Int
    /// Training alone.
    public var computeSeconds: Double
    /// From the opening of the round until the edge's update was counted.
    public var totalSeconds: Double
    /// From the opening of the round until its model was committed; `nil` when not known.
    public var roundSeconds: Double?
    /// Bytes that the edge fetched, and sent.
    public var fetchedBytes: Int
    public var sentBytes: Int
    public var time: Timestamp

    public init(
        jobUID: String, job: Name, round: Int, edge: Name, workload: TrainingWorkload, samples: Int,
        computeSeconds: Double,
        totalSeconds: Double, roundSeconds: Double? = nil, fetchedBytes: Int, sentBytes: Int, time: Timestamp
    ) {
        self.jobUID = jobUID
        self.job = job
        self.round = round
        self.edge = edge
        self.workload = workload
        self.samples = samples
        self.computeSeconds = computeSeconds
        self.totalSeconds = totalSeconds
        self.roundSeconds = roundSeconds
        self.fetchedBytes = fetchedBytes
        self.sentBytes = sentBytes
        self.time = time
    }
}

public struct RoundRecords: Codable, Sendable, Hashable {
    public var records: [RoundRecord]

    public init(records: [RoundRecord]) { self.records = records }
}
