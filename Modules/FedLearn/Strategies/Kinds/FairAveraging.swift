import Glibc
import Contracts

/// q-FedAvg: Δₖ = Fₖ^q · L(w − wₖ), hₖ = q·Fₖ^(q−1)·‖L(w − wₖ)‖² + L·Fₖ^q, w ← w − Σ Δₖ / Σ hₖ, with Fₖ the loss of w at client k and
/// L = 1/learning rate; clients that are served badly weigh more (Li et al., "Fair Resource Allocation in Federated Learning",
/// ICLR 2020, algorithm 2). With q = 0 it is the plain mean.
struct FairAveraging: Strategy {
    static let kind = "qfedavg"
    static let summary = "clients whose loss is high weigh more, for a fairer model (Li 2020, q-FFL)"
    static let parameters = [
        StrategyParameter("q", "how much fairness counts; 0 is the plain mean", standard: 0.1, in: 0...100),
        StrategyParameter(
            "lipschitz", "the constant L; when left out, 1 / spec.optimizer.learningRate", standard: nil, in: 0...1e9,
            isOpen: true),
    ]
    /// Keeps a power of a loss of 0 defined.
    private static let smallest = 1e-10

    let duties = ClientDuties(reportsBaseLoss: true)
    let measures = StrategyMeasures.norms
    private let q: Double
    private let lipschitz: Double

    init(_ settings: StrategySettings) {
        q = settings.number("q")
        lipschitz = settings["lipschitz"] ?? 1 / settings.optimizer.rate
    }

    func combination(of round: StrategyRound) throws -> Combination {
        var powers: [Double] = []
        var total = 0.0
        for update in round.updates {
            guard let loss = update.baseLoss else {
                throw StrategySettings.fault("'\(update.edge)' did not report the loss of the model it started from")
            }
            let base = loss + Self.smallest
            let power = pow(base, q)
            powers.append(power)
            total += q * pow(base, q - 1) * lipschitz * lipschitz * update.squaredNorm + lipschitz * power
        }
        let weights = powers.map { $0 * lipschitz / total }
        return .weighted(base: Float(1 - weights.reduce(0, +)), updates: weights.map { Float($0) })
    }
}
