/// A number that goes up and down, such as open streams. Updates are lock-free.
public final class Gauge: Sendable {
    private let current = AtomicDouble()

    init() {}

    public func set(_ value: Double) { current.set(value) }
    public func set(_ value: Int) { current.set(Double(value)) }

    public func increment(by amount: Double = 1) { current.add(amount) }
    public func decrement(by amount: Double = 1) { current.add(-amount) }

    public var value: Double { current.value }
}
