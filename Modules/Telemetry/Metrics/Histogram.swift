import Synchronization

/// How a quantity is distributed, such as seconds a call took: counts per bucket, their sum and their number.
public final class Histogram: Sendable {
    struct State {
        /// One count per bound, and one for what exceeds them all; not cumulative.
        var counts: [UInt64]
        var sum: Double = 0
    }

    /// The inclusive upper bounds, ascending, without infinity.
    public let bounds: [Double]
    private let state: Mutex<State>

    init(bounds: [Double]) {
        self.bounds = bounds
        state = Mutex(State(counts: [UInt64](repeating: 0, count: bounds.count + 1)))
    }

    /// Counts one observation; a value that is not a number is ignored.
    public func observe(_ value: Double) {
        guard !value.isNaN else { return }
        let index = bounds.firstIndex { value <= $0 } ?? bounds.count
        state.withLock { state in
            state.counts[index] += 1
            state.sum += value
        }
    }

    /// Counts one duration, in seconds.
    public func observe(_ duration: Duration) {
        let (seconds, attoseconds) = duration.components
        observe(Double(seconds) + Double(attoseconds) * 1e-18)
    }

    var snapshot: State { state.withLock { $0 } }

    /// How many observations were counted.
    public var count: UInt64 { snapshot.counts.reduce(0, +) }
    /// The sum of all observations.
    public var sum: Double { snapshot.sum }

    /// Bounds for durations in seconds, from 1 ms to 1 min.
    public static let durationBounds: [Double] = [
        0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60,
    ]

    /// Bounds for sizes in bytes, from 256 B to 1 GiB in powers of four.
    public static let sizeBounds: [Double] = (4...15).map { Double(1 << (2 * $0)) }
}
