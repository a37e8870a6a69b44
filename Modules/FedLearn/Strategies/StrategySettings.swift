public import Contracts

/// The numbers that a job gives a strategy, completed by the strategy's defaults, and how its clients train.
public struct StrategySettings: Sendable {
    /// How the clients train.
    public let optimizer: OptimizerSpec
    private let values: [String: Double]

    /// - Parameter given: values within their ranges.
    init(_ given: [String: Double], of parameters: [StrategyParameter], optimizer: OptimizerSpec) {
        self.optimizer = optimizer
        values = Dictionary(
            parameters.compactMap { parameter in
                (given[parameter.name] ?? parameter.standard).map { (parameter.name, $0) }
            }
        ) { first, _ in first }
    }

    /// The parameter `name`, or `nil` when it was left out and has no default.
    public subscript(name: String) -> Double? { values[name] }

    /// The parameter `name`, which has a default.
    /// - Precondition: the strategy declares it with a default.
    public func number(_ name: String) -> Double {
        guard let value = values[name] else { preconditionFailure("no parameter '\(name)' with a default is declared") }
        return value
    }

    /// As `number(_:)`, for one that is declared as an integer.
    public func integer(_ name: String) -> Int { Int(number(name)) }

    /// What to throw for numbers that do not go together.
    public static func fault(_ message: String) -> any Error { FedLearnError("invalid", message) }
}
