/// Where a training stands after a step.
public struct TrainingProgress: Sendable, Hashable {
    /// The epoch in progress, from 0.
    public let epoch: Int
    /// Steps done in this epoch.
    public let step: Int
    /// Steps an epoch has.
    public let stepsPerEpoch: Int
    /// Mean cross-entropy over the samples of this epoch so far, each judged before the step it took part in.
    public let loss: Double
}
