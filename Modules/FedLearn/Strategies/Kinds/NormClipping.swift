/// The mean of updates that are cut to a norm: w + Σ nₖ/n · min(1, M/‖wₖ − w‖)·(wₖ − w) (Sun et al., "Can You Really Backdoor
/// Federated Learning?", 2019). Without a bound M it is the median of the round's norms.
struct NormClipping: Strategy {
    static let kind = "norm-clipping"
    static let summary = "fedavg of updates shortened to a norm, so that none counts for more (Sun 2019)"
    static let parameters = [
        StrategyParameter(
            "maximumNorm", "the longest an update may be; when left out, the median of the round's", standard: nil,
            in: 0...1e30, isOpen: true)
    ]

    let measures = StrategyMeasures.norms
    private let maximum: Double?

    init(_ settings: StrategySettings) { maximum = settings["maximumNorm"] }

    func combination(of round: StrategyRound) -> Combination {
        let norms = round.updates.map { $0.squaredNorm.squareRoot() }
        let maximum = maximum ?? norms.median
        let weights = zip(round.sampleShares, norms).map { share, norm in
            norm > maximum ? share * maximum / norm : share
        }
        return .weighted(base: Float(1 - weights.reduce(0, +)), updates: weights.map { Float($0) })
    }
}

extension [Double] {
    /// The value in the middle, or the mean of the two there; 0 of nothing.
    var median: Double {
        let sorted = sorted()
        return isEmpty ? 0 : (sorted[(count - 1) / 2] + sorted[count / 2]) / 2
    }
}
