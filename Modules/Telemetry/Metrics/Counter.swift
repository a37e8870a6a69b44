import Synchronization

/// A number that only grows, such as messages received. Updates are lock-free.
public final class Counter: Sendable {
    private let total = AtomicDouble()

    init() {}

    /// Adds `amount`; an amount that is negative or not a number is ignored, because a counter never falls.
    public func increment(by amount: Double = 1) {
        guard amount > 0, amount.isFinite else { return }
        total.add(amount)
    }

    /// Adds a count, such as bytes.
    public func increment(by amount: Int) { increment(by: Double(amount)) }

    public var value: Double { total.value }
}
