/// FedProx: federated averaging of clients that minimise their loss + μ/2 · ‖w − w₀‖² (Li et al., "Federated Optimization in
/// Heterogeneous Networks", MLSys 2020).
struct Proximal: Strategy {
    static let kind = "fedprox"
    static let summary = "fedavg of clients that are held near the global model (Li 2020, FedProx)"
    static let parameters = [
        StrategyParameter("mu", "the factor of the proximal term in the clients' loss", standard: 0.01, in: 0...1000)
    ]

    let needsOnlyMean = true
    let duties: ClientDuties

    init(_ settings: StrategySettings) { duties = ClientDuties(proximal: settings.number("mu")) }

    func combination(of round: StrategyRound) -> Combination { .mean(of: round) }
}
