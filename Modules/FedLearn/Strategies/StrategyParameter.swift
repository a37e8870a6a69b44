/// A number that a strategy takes, and what it may be.
public struct StrategyParameter: Sendable, Hashable {
    public var name: String
    /// What it is, in a few words, for `gedge explain`.
    public var text: String
    /// What it is when left out; `nil` when the strategy then finds a value itself, which `text` tells.
    public var standard: Double?
    public var range: ClosedRange<Double>
    /// Whether the ends of `range` are no values themselves.
    public var isOpen: Bool
    public var isInteger: Bool

    public init(
        _ name: String, _ text: String, standard: Double?, in range: ClosedRange<Double>, isOpen: Bool = false,
        isInteger: Bool = false
    ) {
        self.name = name
        self.text = text
        self.standard = standard
        self.range = range
        self.isOpen = isOpen
        self.isInteger = isInteger
    }

    func accepts(_ value: Double) -> Bool {
        guard range.contains(value), !isInteger || value == value.rounded() else { return false }
        return !isOpen || (value != range.lowerBound && value != range.upperBound)
    }

    /// The range in words.
    var rule: String {
        let (low, high) = (Self.text(range.lowerBound), Self.text(range.upperBound))
        return (isInteger ? "a whole number " : "") + (isOpen ? "above \(low) and below \(high)" : "\(low) to \(high)")
    }

    /// A number as people write it.
    static func text(_ value: Double) -> String {
        value == value.rounded() && abs(value) < 1e15 ? "\(Int(value))" : "\(value)"
    }
}
