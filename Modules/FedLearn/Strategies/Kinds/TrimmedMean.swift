import Tensor

/// The mean of each coordinate without its ⌊β·n⌋ smallest and as many largest values, whatever the numbers of samples (Yin et
/// al., "Byzantine-Robust Distributed Learning: Towards Optimal Statistical Rates", ICML 2018, option II).
struct TrimmedMean: Strategy {
    static let kind = "trimmed-mean"
    static let summary = "the mean of each coordinate without its extremes (Yin 2018)"
    static let parameters = [
        StrategyParameter(
            "trim", "the share of updates that is left out at either end, rounded down", standard: 0.2, in: 0...0.49)
    ]

    private let trim: Double

    init(_ settings: StrategySettings) { trim = settings.number("trim") }

    func combination(of round: StrategyRound) -> Combination {
        let trimming = Int(trim * Double(round.updates.count))
        return .coordinates(of: Array(round.updates.indices)) {
            Kernels.trimmedMean(into: $1, sources: $0.map(\.bytes), trimming: trimming)
        }
    }
}
