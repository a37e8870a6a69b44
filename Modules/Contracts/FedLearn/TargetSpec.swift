/// How good a model is good enough: the job ends with the first round whose model is.
public struct TargetSpec: Codable, Sendable, Hashable {
    /// At least, 0 to 1.
    public var accuracy: Double?
    /// At most.
    public var loss: Double?
    /// At least; of a job that learns in an environment.
    public var meanReturn: Double?

    public init(accuracy: Double? = nil, loss: Double? = nil, meanReturn: Double? = nil) {
        self.meanReturn = meanReturn
        self.accuracy = accuracy
        self.loss = loss
    }
}

/// How the learning rate changes from round to round.
public struct ScheduleSpec: Codable, Sendable, Hashable {
    public enum Kind: String, Codable, Sendable, CaseIterable {
        case constant
        /// Times `factor` each time another `every` rounds are over.
        case step
        /// Half a cosine over all rounds, from the whole rate to `floor` of it.
        case cosine
    }

    public var kind: Kind
    /// Rounds; of `step`. Default 10.
    public var every: Int?
    /// Of `step`. Default 0.5.
    public var factor: Double?
    /// Of `cosine`. Default 0.
    public var floor: Double?
    /// Rounds over which the rate rises in a straight line at the beginning. Default 0.
    public var warmUp: Int?

    public init(
        kind: Kind, every: Int? = nil, factor: Double? = nil, floor: Double? = nil, warmUp: Int? = nil
    ) {
        self.kind = kind
        self.every = every
        self.factor = factor
        self.floor = floor
        self.warmUp = warmUp
    }
}
