/// What a training did.
public struct TrainingReport: Sendable, Hashable {
    /// Samples in the data set.
    public let samples: Int
    /// Steps taken in all.
    public let steps: Int
    /// Mean cross-entropy of each epoch, in nats; each sample is judged before the step it took part in.
    public let lossByEpoch: [Double]

    /// Mean cross-entropy over the last epoch.
    public var loss: Double { lossByEpoch.last ?? .nan }
}
