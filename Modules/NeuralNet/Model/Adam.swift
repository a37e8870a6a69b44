/// Steps scaled by running means of each gradient and of its square (Kingma and Ba, "Adam", 2015).
public struct Adam: Sendable, Hashable {
    /// How far a step goes; positive.
    public var learningRate: Float
    /// How much of the running mean of gradients stays; in [0, 1).
    public var beta1: Float
    /// How much of the running mean of squares stays; in [0, 1).
    public var beta2: Float
    /// Added to the root of the mean square; positive.
    public var epsilon: Float
    /// On weights, not on biases and what norms learn; at least 0.
    public var weightDecay: Float
    /// Whether the decay shrinks the weight itself (AdamW: Loshchilov and Hutter, "Decoupled Weight Decay Regularization", 2019)
    /// rather than being added to its gradient.
    public var isDecoupled: Bool

    public init(
        learningRate: Float = 0.001, beta1: Float = 0.9, beta2: Float = 0.999, epsilon: Float = 1e-8,
        weightDecay: Float = 0, isDecoupled: Bool = false
    ) {
        self.learningRate = learningRate
        self.beta1 = beta1
        self.beta2 = beta2
        self.epsilon = epsilon
        self.weightDecay = weightDecay
        self.isDecoupled = isDecoupled
    }

    /// AdamW with PyTorch's default decay.
    public static func decoupled(learningRate: Float = 0.001, weightDecay: Float = 0.01) -> Adam {
        Adam(learningRate: learningRate, weightDecay: weightDecay, isDecoupled: true)
    }

    /// - Throws: `NetworkError.Kind.invalidSettings` for a value outside its range.
    func validate() throws(NetworkError) {
        func check(_ name: String, _ isValid: Bool, _ rule: String, _ value: Float) throws(NetworkError) {
            if !isValid { throw NetworkError(.invalidSettings, "\(name) must be \(rule), not \(value)") }
        }
        try check("learningRate", learningRate > 0 && learningRate.isFinite, "a positive number", learningRate)
        try check("beta1", beta1 >= 0 && beta1 < 1, "at least 0 and below 1", beta1)
        try check("beta2", beta2 >= 0 && beta2 < 1, "at least 0 and below 1", beta2)
        try check("epsilon", epsilon > 0 && epsilon.isFinite, "a positive number", epsilon)
        try check("weightDecay", weightDecay >= 0 && weightDecay.isFinite, "0 or a positive number", weightDecay)
    }
}
