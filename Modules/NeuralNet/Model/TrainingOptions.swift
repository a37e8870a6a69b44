public import Tensor

/// How a network is trained on one data set.
public struct TrainingOptions: Sendable, Equatable {
    /// Passes over the data; at least 1.
    public var epochs: Int
    /// Samples per step; at least 1. The last step of an epoch takes what is left.
    public var batchSize: Int
    public var optimizer: Optimizer
    public var schedule: LearningRateSchedule
    /// With `streams`, the source of each epoch's order of samples.
    public var seed: UInt64
    /// Words that tell this training from others with the same seed, such as job, round and edge.
    public var streams: [String]
    /// The factor μ of a proximal term μ/2 · ‖w − w₀‖² in every step's loss, w₀ being the parameters before the training (Li et
    /// al., "Federated Optimization in Heterogeneous Networks", MLSys 2020); 0 for none.
    public var proximal: Float = 0
    /// The parameters that stay as they are, by name. A batch norm whose running statistics are among them normalises by those,
    /// as it does when it judges. Nothing is computed that only they would need.
    public var frozen: Set<String> = []
    /// What is added to every step's gradient, by the name of the parameter, of its shape; nothing for what is not named.
    public var correction: [String: Tensor] = [:]

    public init(
        epochs: Int = 1, batchSize: Int = 32, optimizer: Optimizer = .momentum(MomentumSGD()),
        schedule: LearningRateSchedule = .constant, seed: UInt64 = 0, streams: [String] = []
    ) {
        self.epochs = epochs
        self.batchSize = batchSize
        self.optimizer = optimizer
        self.schedule = schedule
        self.seed = seed
        self.streams = streams
    }

    public init(
        epochs: Int = 1, batchSize: Int = 32, optimizer: MomentumSGD, schedule: LearningRateSchedule = .constant,
        seed: UInt64 = 0, streams: [String] = []
    ) {
        self.init(
            epochs: epochs, batchSize: batchSize, optimizer: .momentum(optimizer), schedule: schedule, seed: seed,
            streams: streams)
    }

    /// - Throws: `NetworkError.Kind.invalidSettings` for a value outside its range.
    public func validate() throws(NetworkError) {
        guard epochs >= 1 else { throw NetworkError(.invalidSettings, "epochs must be at least 1, not \(epochs)") }
        guard batchSize >= 1 else {
            throw NetworkError(.invalidSettings, "batchSize must be at least 1, not \(batchSize)")
        }
        guard proximal >= 0, proximal.isFinite else {
            throw NetworkError(.invalidSettings, "proximal must be 0 or a positive number, not \(proximal)")
        }
        try optimizer.validate()
        try schedule.validate()
    }

    /// The corrections by the parameters' places.
    /// - Throws: `NetworkError.Kind.invalidSettings` for one of no parameter, or of another shape.
    func corrections(of parameters: [(name: String, shape: [Int])]) throws(NetworkError) -> [Int: Tensor] {
        var found: [Int: Tensor] = [:]
        for (index, parameter) in parameters.enumerated() {
            guard let tensor = correction[parameter.name] else { continue }
            guard tensor.shape == parameter.shape else {
                throw NetworkError(
                    .invalidSettings,
                    "the correction of '\(parameter.name)' has shape \(tensor.shape), the parameter \(parameter.shape)")
            }
            found[index] = tensor
        }
        if found.count < correction.count {
            let names = Set(parameters.map(\.name))
            let stranger = correction.keys.filter { !names.contains($0) }.min() ?? ""
            throw NetworkError(
                .invalidSettings, "a correction is for '\(stranger.prefix(60))', which the network does not have")
        }
        return found
    }

    /// The parameters that stay as they are, by their place.
    /// - Parameter learned: by name, what gradient descent would change.
    /// - Throws: `NetworkError.Kind.invalidSettings` for a name that there is not, and when nothing is left to learn.
    func frozenIndices(_ names: [String], learned: Set<String>) throws(NetworkError) -> Set<Int> {
        if let stranger = frozen.subtracting(names).min() {
            throw NetworkError(
                .invalidSettings, "frozen names '\(stranger.prefix(60))', which the network does not have")
        }
        guard !learned.subtracting(frozen).isEmpty else {
            throw NetworkError(.invalidSettings, "everything is frozen: nothing is left to learn")
        }
        return Set(names.indices.filter { frozen.contains(names[$0]) })
    }
}
