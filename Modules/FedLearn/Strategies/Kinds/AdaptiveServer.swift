/// Adaptive optimisers at the server: Δ = mean − w; m ← β₁·m + (1 − β₁)·Δ; v by the kind; w ← w + η·m/(√v + τ), with v = τ²
/// before the first round (Reddi et al., "Adaptive Federated Optimization", ICLR 2021, algorithm 2; Δ is weighted by samples).
struct AdaptiveServer: Sendable {
    /// v ← v + Δ².
    struct Adagrad: AdaptiveStrategy {
        static let kind = "fedadagrad"
        static let summary = "the mean update as a gradient for Adagrad at the core (Reddi 2021)"
        static let parameters = AdaptiveServer.parameters(learningRate: 0.1, beta1: 0, beta2: nil)
        let server: AdaptiveServer
        init(_ settings: StrategySettings) { server = AdaptiveServer(settings) }
        func second(_ v: Float, _ square: Float) -> Float { v + square }
    }

    /// v ← β₂·v + (1 − β₂)·Δ².
    struct Adam: AdaptiveStrategy {
        static let kind = "fedadam"
        static let summary = "the mean update as a gradient for Adam at the core (Reddi 2021)"
        static let parameters = AdaptiveServer.parameters(learningRate: 0.03, beta1: 0.9, beta2: 0.99)
        let server: AdaptiveServer
        init(_ settings: StrategySettings) { server = AdaptiveServer(settings) }
        func second(_ v: Float, _ square: Float) -> Float { server.beta2 * v + (1 - server.beta2) * square }
    }

    /// v ← v − (1 − β₂)·Δ²·sign(v − Δ²).
    struct Yogi: AdaptiveStrategy {
        static let kind = "fedyogi"
        static let summary = "the mean update as a gradient for Yogi at the core (Reddi 2021)"
        static let parameters = AdaptiveServer.parameters(learningRate: 0.03, beta1: 0.9, beta2: 0.99)
        let server: AdaptiveServer
        init(_ settings: StrategySettings) { server = AdaptiveServer(settings) }
        func second(_ v: Float, _ square: Float) -> Float {
            let sign: Float = v > square ? 1 : v < square ? -1 : 0
            return v - (1 - server.beta2) * square * sign
        }
    }

    let learningRate: Float
    let beta1: Float
    let beta2: Float
    let tau: Float

    init(_ settings: StrategySettings) {
        learningRate = Float(settings.number("learningRate"))
        beta1 = Float(settings.number("beta1"))
        beta2 = Float(settings["beta2"] ?? 0)
        tau = Float(settings.number("tau"))
    }

    static func parameters(learningRate: Double, beta1: Double, beta2: Double?) -> [StrategyParameter] {
        var parameters = [
            StrategyParameter(
                "learningRate", "the factor of a step at the core", standard: learningRate, in: 0...1000, isOpen: true),
            StrategyParameter("beta1", "how much of the mean of past updates stays", standard: beta1, in: 0...0.9999),
        ]
        if let beta2 {
            parameters.append(
                StrategyParameter("beta2", "how much of their mean square stays", standard: beta2, in: 0...0.9999))
        }
        parameters.append(
            StrategyParameter(
                "tau", "the degree of adaptivity: larger is nearer to fedavgm", standard: 0.001, in: 0...1000,
                isOpen: true))
        return parameters
    }
}

/// What Adagrad, Adam and Yogi share; they differ in the second moment.
protocol AdaptiveStrategy: Strategy {
    var server: AdaptiveServer { get }
    /// The next second moment, of the last one and the square of the mean update.
    func second(_ v: Float, _ square: Float) -> Float
}

extension AdaptiveStrategy {
    var needsOnlyMean: Bool { true }

    var state: [StrategyState] {
        [StrategyState("first-moment"), StrategyState("second-moment", initial: server.tau * server.tau)]
    }

    func combination(of round: StrategyRound) -> Combination { .mean(of: round) }

    func step(_ span: StrategySpan) {
        let (base, model, first, second) = (span.base, span.model, span.state[0], span.state[1])
        for i in model.indices {
            let delta = model[i] - base[i]
            let m = server.beta1 * first[i] + (1 - server.beta1) * delta
            let v = self.second(second[i], delta * delta)
            first[i] = m
            second[i] = v
            model[i] = base[i] + server.learningRate * m / (v.squareRoot() + server.tau)
        }
    }
}
