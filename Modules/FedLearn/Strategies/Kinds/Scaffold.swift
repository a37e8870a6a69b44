import Contracts

/// SCAFFOLD: each client corrects its steps by how its own gradients differ from everybody's, w ← w − η (g − cᵢ + c), so that clients of
/// unlike data do not drift apart (Karimireddy et al., "SCAFFOLD: Stochastic Controlled Averaging for Federated Learning", ICML 2020,
/// algorithm 1 with option II: cᵢ⁺ = cᵢ − c + (x − yᵢ)/(K·η)).
///
/// A client sends yᵢ alone. What its control variate changes by, −c + (x − yᵢ)/(K·η), follows from that, its steps K and its rate η, so the
/// core has c, the mean of all clients' cᵢ, without another upload. Of N clients that have ever contributed, those of a round S:
/// N·c ← N′·c + Σ_S (−c + (x − yᵢ)/(K·η)), with N′ of them known before. The model moves by η_g times the plain mean of yᵢ − x.
struct Scaffold: Strategy {
    static let kind = "scaffold"
    static let summary = "clients correct their steps by control variates, for unlike data (Karimireddy 2020)"
    static let parameters = [
        StrategyParameter("learningRate", "the factor of a step at the core", standard: 1, in: 0...1000, isOpen: true)
    ]
    static let control = "control-variate"

    private let learningRate: Double
    private let clientRate: Double

    init(_ settings: StrategySettings) throws {
        let optimizer = settings.optimizer
        guard optimizer.kind ?? .sgd == .sgd, optimizer.stepMomentum == 0, optimizer.schedule == nil else {
            throw StrategySettings.fault(
                "strategy 'scaffold' is defined for plain steps: say spec.optimizer.momentum: 0, and leave kind and schedule out"
            )
        }
        learningRate = settings.number("learningRate")
        clientRate = optimizer.rate
    }

    var duties: ClientDuties { ClientDuties(controlVariate: Self.control) }
    var state: [StrategyState] { [StrategyState(Self.control)] }

    func combination(of round: StrategyRound) -> Combination {
        let weight = learningRate / Double(round.updates.count)
        return .weighted(
            base: Float(1 - learningRate), updates: round.updates.map { _ in Float(weight) })
    }

    func sums(of round: StrategyRound) -> [StrategySum] {
        let (before, all) = (Double(round.earlierClients), Double(round.allClients))
        let weights = round.updates.map { 1 / (all * Double($0.steps) * clientRate) }
        return [
            StrategySum(
                state: Self.control, old: Float((before - Double(round.updates.count)) / all),
                base: Float(weights.reduce(0, +)), updates: weights.map { Float(-$0) })
        ]
    }
}
