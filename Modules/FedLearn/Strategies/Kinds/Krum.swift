/// The one update that has the smallest sum of squared distances to its n − f − 2 nearest others (Blanchard et al., "Machine
/// Learning with Adversaries: Byzantine Tolerant Gradient Descent", NeurIPS 2017).
struct Krum: Strategy {
    static let kind = "krum"
    static let summary = "the one update nearest to most others (Blanchard 2017)"
    static let parameters = [KrumScore.parameter]

    let measures = StrategyMeasures.distances
    private let byzantine: Int

    init(_ settings: StrategySettings) { byzantine = settings.integer(KrumScore.parameter.name) }

    var minimumUpdates: Int { KrumScore.minimumUpdates(byzantine: byzantine) }

    func combination(of round: StrategyRound) -> Combination {
        KrumScore.mean(of: KrumScore.best(1, of: round, byzantine: byzantine), in: round)
    }
}

/// The plain mean of the m updates that Krum scores best (same paper, section 4: Multi-Krum).
struct MultiKrum: Strategy {
    static let kind = "multi-krum"
    static let summary = "the mean of the updates nearest to most others (Blanchard 2017)"
    static let parameters = [
        KrumScore.parameter,
        StrategyParameter(
            "selected", "how many updates count; when left out, all but byzantine + 2", standard: nil, in: 1...100_000,
            isInteger: true),
    ]

    let measures = StrategyMeasures.distances
    private let byzantine: Int
    private let selected: Int?

    init(_ settings: StrategySettings) {
        byzantine = settings.integer(KrumScore.parameter.name)
        selected = settings["selected"].map { Int($0) }
    }

    var minimumUpdates: Int { max(KrumScore.minimumUpdates(byzantine: byzantine), selected ?? 1) }

    func combination(of round: StrategyRound) -> Combination {
        let count = selected ?? round.updates.count - byzantine - 2
        return KrumScore.mean(of: KrumScore.best(count, of: round, byzantine: byzantine), in: round)
    }
}

/// What Krum and those built on it share.
enum KrumScore {
    static let parameter = StrategyParameter(
        "byzantine", "how many updates may be hostile", standard: 1, in: 0...10_000, isInteger: true)

    /// n ≥ 2f + 3.
    static func minimumUpdates(byzantine: Int) -> Int { 2 * byzantine + 3 }

    /// The score of `update` among `others` and itself: the sum of the squared distances to the nearest of them, one at least.
    static func score(_ update: Int, among all: [Int], in round: StrategyRound, byzantine: Int) -> Double {
        let distances = all.filter { $0 != update }.map { round.squaredDistance(update, $0) }.sorted()
        return distances.prefix(max(1, all.count - byzantine - 2)).reduce(0, +)
    }

    /// The `count` updates of the best scores, of equal ones the first by name; in ascending order.
    static func best(_ count: Int, of round: StrategyRound, byzantine: Int) -> [Int] {
        let all = Array(round.updates.indices)
        let scores = all.map { score($0, among: all, in: round, byzantine: byzantine) }
        return all.sorted { (scores[$0], $0) < (scores[$1], $1) }.prefix(max(1, count)).sorted()
    }

    /// The plain mean of the `chosen`.
    static func mean(of chosen: [Int], in round: StrategyRound) -> Combination {
        var weights = [Float](repeating: 0, count: round.updates.count)
        for index in chosen { weights[index] = 1 / Float(chosen.count) }
        return .weighted(base: 0, updates: weights)
    }
}
