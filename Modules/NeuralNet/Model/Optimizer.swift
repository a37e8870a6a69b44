/// How gradients become steps.
public enum Optimizer: Sendable, Hashable {
    case momentum(MomentumSGD)
    case adam(Adam)

    public var learningRate: Float {
        switch self {
        case .momentum(let rule): rule.learningRate
        case .adam(let rule): rule.learningRate
        }
    }

    /// - Throws: `NetworkError.Kind.invalidSettings` for a value outside its range.
    func validate() throws(NetworkError) {
        switch self {
        case .momentum(let rule): try rule.validate()
        case .adam(let rule): try rule.validate()
        }
    }
}
