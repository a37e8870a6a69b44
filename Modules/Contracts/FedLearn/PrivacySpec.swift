/// What bounds how much the models tell of any one edge (differential privacy of edges, kept by the core).
public struct PrivacySpec: Codable, Sendable, Hashable {
    /// The longest that an update's change may be, its L2 norm over the whole model; longer ones are shortened. With `adaptive`,
    /// that of the first round.
    public var clip: Double
    /// Lets the clip follow the updates' lengths. Default: it stays.
    public var adaptive: AdaptiveClipSpec?
    /// The noise's standard deviation on the sum of the changes, in multiples of `clip`.
    public var noise: Double
    /// The δ for which ε is told. Default 0.00001.
    public var delta: Double?
    /// The most that all rounds together may spend. Default: no bound.
    public var maximumEpsilon: Double?

    public init(
        clip: Double, noise: Double, delta: Double? = nil, maximumEpsilon: Double? = nil,
        adaptive: AdaptiveClipSpec? = nil
    ) {
        self.adaptive = adaptive
        self.clip = clip
        self.noise = noise
        self.delta = delta
        self.maximumEpsilon = maximumEpsilon
    }
}

/// How a clip follows the updates' lengths.
public struct AdaptiveClipSpec: Codable, Sendable, Hashable {
    /// The share of updates that are to be no longer than the clip, 0 to 1. Default 0.5: the median.
    public var quantile: Double?
    /// How fast it follows. Default 0.2.
    public var rate: Double?

    public init(quantile: Double? = nil, rate: Double? = nil) {
        self.quantile = quantile
        self.rate = rate
    }
}

/// What a round's model and all before it tell of any one edge at most: (ε, δ)-differential privacy.
public struct RoundPrivacy: Codable, Sendable, Hashable {
    public var epsilon: Double
    public var delta: Double
    /// Of a job whose clip is adaptive: that of this round, and of the next.
    public var clip: Double?
    public var nextClip: Double?

    public init(epsilon: Double, delta: Double, clip: Double? = nil, nextClip: Double? = nil) {
        self.clip = clip
        self.nextClip = nextClip
        self.epsilon = epsilon
        self.delta = delta
    }
}
