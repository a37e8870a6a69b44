/// FedAvgM: momentum at the server. Δ = w − mean; v ← β·v + Δ; w ← w − η·v (Hsu et al., "Measuring the Effects of
/// Non-Identical Data Distribution for Federated Visual Classification", 2019).
struct ServerMomentum: Strategy {
    static let kind = "fedavgm"
    static let summary = "fedavg with momentum at the core (Hsu 2019)"
    static let parameters = [
        StrategyParameter("momentum", "how much of the last round's step stays", standard: 0.9, in: 0...0.9999),
        StrategyParameter("learningRate", "the factor of a step", standard: 1, in: 0...1000, isOpen: true),
    ]

    let needsOnlyMean = true
    let state = [StrategyState("momentum")]
    private let momentum: Float
    private let learningRate: Float

    init(_ settings: StrategySettings) {
        momentum = Float(settings.number("momentum"))
        learningRate = Float(settings.number("learningRate"))
    }

    func combination(of round: StrategyRound) -> Combination { .mean(of: round) }

    func step(_ span: StrategySpan) {
        let (base, model, velocity) = (span.base, span.model, span.state[0])
        for i in model.indices {
            let v = momentum * velocity[i] + (base[i] - model[i])
            velocity[i] = v
            model[i] = base[i] - learningRate * v
        }
    }
}
