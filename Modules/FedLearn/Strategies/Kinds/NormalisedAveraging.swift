import Glibc
import Contracts

/// FedNova: w + τ Σ pₖ/aₖ · (wₖ − w), with pₖ the share of samples, aₖ = ‖aₖ‖₁ what k's steps add up to, and τ = Σ pₖ·aₖ; so
/// that clients of many steps do not pull the model to their own optimum (Wang et al., "Tackling the Objective Inconsistency
/// Problem in Heterogeneous Federated Optimization", NeurIPS 2020).
///
/// For s steps of momentum ρ, aₖ = (s − ρ(1 − ρˢ)/(1 − ρ))/(1 − ρ), which without momentum, and for steps of Adam, is s.
struct NormalisedAveraging: Strategy {
    static let kind = "fednova"
    static let summary = "fedavg of updates divided by the steps they took (Wang 2020)"
    static let parameters: [StrategyParameter] = []

    private let momentum: Double

    init(_ settings: StrategySettings) { momentum = settings.optimizer.stepMomentum }

    func combination(of round: StrategyRound) -> Combination {
        let shares = round.sampleShares
        let sums = round.updates.map { update in
            let steps = Double(update.steps)
            return (steps - momentum * (1 - pow(momentum, steps)) / (1 - momentum)) / (1 - momentum)
        }
        let effective = zip(shares, sums).reduce(0) { $0 + $1.0 * $1.1 }
        let weights = zip(shares, sums).map { $0 * effective / $1 }
        return .weighted(base: Float(1 - weights.reduce(0, +)), updates: weights.map { Float($0) })
    }
}
