/// How an edge acts and learns in a round of a reinforcement job (proximal policy optimisation).
public struct ReinforcementSpec: Codable, Sendable, Hashable {
    /// Steps that an edge acts in a round, over all of its environments. Default 2048.
    public var steps: Int?
    /// Environments that an edge acts in side by side; they divide `steps`. Default 4.
    public var environments: Int?
    /// What a reward of the next step counts for, γ. Default 0.99.
    public var discount: Double?
    /// How far advantages look past the value that is estimated of the next state, λ of GAE. Default 0.95.
    public var lambda: Double?
    /// How far a policy's probabilities may move from those it acted with, as a share. Default 0.2.
    public var clip: Double?
    /// What the policy's entropy counts for. Default 0.01.
    public var entropy: Double?
    /// What the error of the estimated values counts for. Default 0.5.
    public var valueWeight: Double?
    /// The longest that a step's gradient may be; a longer one is shortened. Default 0.5.
    public var maximumGradientNorm: Double?
    /// Episodes on which the core judges each round's policy. Default 100.
    public var evaluationEpisodes: Int?

    public init(
        steps: Int? = nil, environments: Int? = nil, discount: Double? = nil, lambda: Double? = nil,
        clip: Double? = nil, entropy: Double? = nil, valueWeight: Double? = nil, maximumGradientNorm: Double? = nil,
        evaluationEpisodes: Int? = nil
    ) {
        self.steps = steps
        self.environments = environments
        self.discount = discount
        self.lambda = lambda
        self.clip = clip
        self.entropy = entropy
        self.valueWeight = valueWeight
        self.maximumGradientNorm = maximumGradientNorm
        self.evaluationEpisodes = evaluationEpisodes
    }
}
