/// How a network is trained on one data set.
public struct TrainingOptions: Sendable, Hashable {
    /// Passes over the data; at least 1.
    public var epochs: Int
    /// Samples per step; at least 1. The last step of an epoch takes what is left.
    public var batchSize: Int
    public var optimizer: MomentumSGD
    /// With `streams`, the source of each epoch's order of samples.
    public var seed: UInt64
    /// Words that tell this training from others with the same seed, such as job, round and edge.
    public var streams: [String]

    public init(
        epochs: Int = 1, batchSize: Int = 32, optimizer: MomentumSGD = MomentumSGD(), seed: UInt64 = 0,
        streams: [String] = []
    ) {
        self.epochs = epochs
        self.batchSize = batchSize
        self.optimizer = optimizer
        self.seed = seed
        self.streams = streams
    }

    /// - Throws: `NetworkError.Kind.invalidSettings` for a value outside its range.
    public func validate() throws(NetworkError) {
        guard epochs >= 1 else { throw NetworkError(.invalidSettings, "epochs must be at least 1, not \(epochs)") }
        guard batchSize >= 1 else {
            throw NetworkError(.invalidSettings, "batchSize must be at least 1, not \(batchSize)")
        }
        try optimizer.validate()
    }
}
