public import Core

/// What a strategy knows of a round's updates before they are combined.
public struct StrategyRound: Sendable {
    /// One client's.
    public struct Update: Sendable, Hashable {
        public var edge: Name
        /// How many samples it was trained on; at least 1.
        public var samples: Int
        /// How many steps its optimiser took; at least 1.
        public var steps: Int
        /// Mean loss of the round's first model over the client's data, where `ClientDuties` ask for it.
        public var baseLoss: Double?
        /// ‖update − base‖², where `StrategyMeasures.norms` asks for it; 0 otherwise.
        public var squaredNorm: Double
    }

    /// In the order of their edges' names.
    public let updates: [Update]
    /// How many clients had contributed to the job before this round, and how many have with it.
    public let earlierClients: Int
    public let allClients: Int
    private let squaredDistances: [Double]

    /// - Parameter squaredDistances: of the pairs (0, 1), (0, 2), …, (1, 2), …; empty when none were asked for.
    /// - Parameter earlier: the clients that contributed to earlier rounds.
    init(_ updates: [Update], earlier: Set<Name> = [], squaredDistances: [Double] = []) {
        self.updates = updates
        earlierClients = earlier.count
        allClients = earlier.union(updates.map(\.edge)).count
        self.squaredDistances = squaredDistances
    }

    /// Each update's share of all samples.
    public var sampleShares: [Double] {
        let total = Double(updates.reduce(0) { $0 + $1.samples })
        return updates.map { Double($0.samples) / total }
    }

    /// ‖update i − update j‖².
    /// - Precondition: `StrategyMeasures.distances` was asked for.
    public func squaredDistance(_ i: Int, _ j: Int) -> Double {
        if i == j { return 0 }
        return squaredDistances[Self.index(of: min(i, j), max(i, j), count: updates.count)]
    }

    /// Where the pair i < j of `count` stands.
    static func index(of i: Int, _ j: Int, count: Int) -> Int { i * (2 * count - i - 1) / 2 + j - i - 1 }
}
