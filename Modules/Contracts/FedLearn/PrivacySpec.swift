/// What bounds how much the models tell of any one edge (differential privacy of edges, kept by the core).
public struct PrivacySpec: Codable, Sendable, Hashable {
    /// The longest that an update's change may be, its L2 norm over the whole model; longer ones are shortened.
    public var clip: Double
    /// The noise's standard deviation on the sum of the changes, in multiples of `clip`.
    public var noise: Double
    /// The δ for which ε is told. Default 0.00001.
    public var delta: Double?
    /// The most that all rounds together may spend. Default: no bound.
    public var maximumEpsilon: Double?

    public init(clip: Double, noise: Double, delta: Double? = nil, maximumEpsilon: Double? = nil) {
        self.clip = clip
        self.noise = noise
        self.delta = delta
        self.maximumEpsilon = maximumEpsilon
    }
}

/// What a round's model and all before it tell of any one edge at most: (ε, δ)-differential privacy.
public struct RoundPrivacy: Codable, Sendable, Hashable {
    public var epsilon: Double
    public var delta: Double

    public init(epsilon: Double, delta: Double) {
        self.epsilon = epsilon
        self.delta = delta
    }
}
