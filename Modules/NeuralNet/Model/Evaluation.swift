/// How well a network does on a data set.
public struct Evaluation: Sendable, Hashable {
    /// The share of samples whose most likely class is their label, in [0, 1].
    public let accuracy: Double
    /// Mean cross-entropy in nats.
    public let loss: Double
    /// Samples judged.
    public let samples: Int

    /// What `samples` samples came to.
    /// - Throws: `NetworkError.Kind.notFinite` when the sum of their losses is not finite.
    init(lossSum: Double, hits: Int, samples: Int) throws(NetworkError) {
        guard lossSum.isFinite else {
            throw NetworkError(
                .notFinite,
                "the network's outputs are not finite; its parameters are too large or not a trained model's")
        }
        accuracy = Double(hits) / Double(samples)
        loss = lossSum / Double(samples)
        self.samples = samples
    }
}
