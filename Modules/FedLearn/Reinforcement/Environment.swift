/// A world to act in, one episode after the other.
///
/// The same seed and the same actions give the same observations and rewards, bit for bit.
public protocol Environment: Sendable {
    /// Numbers of an observation.
    var observationCount: Int { get }
    /// Actions there are, 0 ..< `actionCount`.
    var actionCount: Int { get }

    /// Begins an episode.
    /// - Parameter seed: of everything in the episode that is left to chance.
    /// - Returns: the first observation.
    mutating func reset(seed: UInt64) -> [Float]

    /// Acts once.
    /// - Precondition: the action is one of those there are, and the episode has begun and not ended.
    mutating func step(_ action: Int) -> EnvironmentStep
}

/// What came of an action.
public struct EnvironmentStep: Sendable, Hashable {
    public var observation: [Float]
    public var reward: Double
    /// The episode is over: nothing is to be gained any more.
    public var isTerminal: Bool
    /// The episode was cut off for its length; had it gone on, there might be more to gain.
    public var isTruncated: Bool

    public var isEnd: Bool { isTerminal || isTruncated }

    public init(observation: [Float], reward: Double, isTerminal: Bool, isTruncated: Bool) {
        self.observation = observation
        self.reward = reward
        self.isTerminal = isTerminal
        self.isTruncated = isTruncated
    }
}
