/// What one configuration of a program was measured to take.
public struct PinningProfile: Sendable, Hashable, Codable {
    /// Hardware threads it was given.
    public var threads: Int
    /// Whether they were its own.
    public var isPinned: Bool
    /// Whether they were of one NUMA node, with its memory.
    public var isSingleNUMA: Bool
    /// Mean of the runs; less is better.
    public var milliseconds: Double
    /// Standard deviation of single runs, in milliseconds; `nil` when it was not recorded.
    public var spread: Double?
    /// How many runs were measured.
    public var runs: Int

    public init(
        threads: Int, isPinned: Bool, isSingleNUMA: Bool, milliseconds: Double, spread: Double? = nil, runs: Int = 1
    ) {
        self.threads = threads
        self.isPinned = isPinned
        self.isSingleNUMA = isSingleNUMA
        self.milliseconds = milliseconds
        self.spread = spread
        self.runs = runs
    }
}
