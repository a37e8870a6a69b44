/// How well a network does on a data set.
public struct Evaluation: Sendable, Hashable {
    /// The share of samples whose most likely class is their label, in [0, 1].
    public let accuracy: Double
    /// Mean cross-entropy in nats.
    public let loss: Double
    /// Samples judged.
    public let samples: Int
}
