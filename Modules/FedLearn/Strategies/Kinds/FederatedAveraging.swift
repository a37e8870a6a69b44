/// Federated averaging: Σ nₖ/n · wₖ (McMahan et al., "Communication-Efficient Learning of Deep Networks from Decentralized
/// Data", AISTATS 2017).
struct FederatedAveraging: Strategy {
    static let kind = "fedavg"
    static let summary = "the mean of the updates, by samples (McMahan 2017)"
    static let parameters: [StrategyParameter] = []

    let needsOnlyMean = true
    init(_ settings: StrategySettings) {}

    func combination(of round: StrategyRound) -> Combination { .mean(of: round) }
}
