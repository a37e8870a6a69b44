public import Core
import Synchronization

/// A time of day that a test sets.
public final class ManualWallClock: WallClock {
    private let time: Mutex<Timestamp>

    /// - Parameter time: 2024-02-29T23:59:59.999Z unless a test cares.
    public init(_ time: Timestamp = Timestamp(milliseconds: 1_709_251_199_999)) { self.time = Mutex(time) }

    public func now() -> Timestamp { time.withLock { $0 } }

    public func set(_ time: Timestamp) { self.time.withLock { $0 = time } }

    public func advance(by duration: Duration) { time.withLock { $0 = $0.advanced(by: duration) } }
}
