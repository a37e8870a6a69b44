import Tensor

/// The median of each coordinate, whatever the numbers of samples (Yin et al., "Byzantine-Robust Distributed Learning: Towards
/// Optimal Statistical Rates", ICML 2018, option I).
struct CoordinateMedian: Strategy {
    static let kind = "median"
    static let summary = "the median of each coordinate; holds while most updates are honest (Yin 2018)"
    static let parameters: [StrategyParameter] = []

    init(_ settings: StrategySettings) {}

    func combination(of round: StrategyRound) -> Combination {
        .coordinates(of: Array(round.updates.indices)) { Kernels.median(into: $1, sources: $0.map(\.bytes)) }
    }
}
