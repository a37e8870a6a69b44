import Tensor

/// Bulyan over Krum: θ = n − 2f updates are chosen by Krum one after the other, each among those not chosen yet; of each coordinate,
/// the mean of the θ − 2f chosen values nearest to their median (El Mhamdi et al., "The Hidden Vulnerability of Distributed
/// Learning in Byzantium", ICML 2018).
///
/// While fewer than f + 3 are left to choose among, Krum's n − f − 2 neighbours would be none; then the nearest one counts.
struct Bulyan: Strategy {
    static let kind = "bulyan"
    static let summary = "each coordinate from the middle of updates that krum chose (El Mhamdi 2018)"
    static let parameters = [KrumScore.parameter]

    let measures = StrategyMeasures.distances
    private let byzantine: Int

    init(_ settings: StrategySettings) { byzantine = settings.integer(KrumScore.parameter.name) }

    /// n ≥ 4f + 3.
    var minimumUpdates: Int { 4 * byzantine + 3 }

    func combination(of round: StrategyRound) -> Combination {
        let chosen = selection(of: round)
        let keeping = chosen.count - 2 * byzantine
        return .coordinates(of: chosen) {
            Kernels.meanNearMedian(into: $1, sources: $0.map(\.bytes), keeping: keeping)
        }
    }

    /// In ascending order. O(n³ log n) for n updates.
    private func selection(of round: StrategyRound) -> [Int] {
        var left = Array(round.updates.indices)
        var chosen: [Int] = []
        while chosen.count < round.updates.count - 2 * byzantine {
            let scores = left.map { KrumScore.score($0, among: left, in: round, byzantine: byzantine) }
            guard let best = left.indices.min(by: { (scores[$0], $0) < (scores[$1], $1) }) else { break }
            chosen.append(left.remove(at: best))
        }
        return chosen.sorted()
    }
}
