/// Stochastic gradient descent with momentum and an L2 penalty.
public struct MomentumSGD: Sendable, Hashable {
    /// How far a step goes; positive.
    public var learningRate: Float
    /// How much of the last step's velocity stays; in [0, 1).
    public var momentum: Float
    /// The factor of the L2 penalty on weights (not on biases); at least 0.
    public var weightDecay: Float
    /// Whether a step goes where the velocity will have led (Nesterov's momentum, as Sutskever et al. write it, 2013).
    public var isNesterov: Bool

    public init(
        learningRate: Float = 0.05, momentum: Float = 0.9, weightDecay: Float = 0, isNesterov: Bool = false
    ) {
        self.learningRate = learningRate
        self.momentum = momentum
        self.weightDecay = weightDecay
        self.isNesterov = isNesterov
    }

    /// - Throws: `NetworkError.Kind.invalidSettings` for a value outside its range.
    func validate() throws(NetworkError) {
        guard learningRate > 0, learningRate.isFinite else {
            throw NetworkError(.invalidSettings, "learningRate must be a positive number, not \(learningRate)")
        }
        guard momentum >= 0, momentum < 1 else {
            throw NetworkError(.invalidSettings, "momentum must be at least 0 and below 1, not \(momentum)")
        }
        guard weightDecay >= 0, weightDecay.isFinite else {
            throw NetworkError(.invalidSettings, "weightDecay must be 0 or a positive number, not \(weightDecay)")
        }
    }
}
