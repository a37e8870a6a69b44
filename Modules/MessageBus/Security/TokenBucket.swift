/// Lets events through at a bounded rate: a burst at first, then as many as drip in. Time is passed in.
struct TokenBucket: Sendable {
    private let capacity: Double
    private let perSecond: Double
    private var level: Double
    private var updated: ContinuousClock.Instant?

    init(capacity: Int, perSecond: Double) {
        precondition(capacity > 0 && perSecond > 0, "a bucket holds something and is refilled")
        self.capacity = Double(capacity)
        self.perSecond = perSecond
        level = Double(capacity)
    }

    /// Takes one token if there is one.
    mutating func take(at now: ContinuousClock.Instant) -> Bool {
        refill(at: now)
        guard level >= 1 else { return false }
        level -= 1
        return true
    }

    /// Takes up to `count` tokens, whether or not there are so many: a penalty.
    mutating func drain(_ count: Int, at now: ContinuousClock.Instant) {
        refill(at: now)
        level = max(0, level - Double(count))
    }

    private mutating func refill(at now: ContinuousClock.Instant) {
        defer { updated = max(now, updated ?? now) }
        guard let updated, now > updated else { return }
        let (seconds, attoseconds) = (now - updated).components
        level = min(capacity, level + (Double(seconds) + Double(attoseconds) * 1e-18) * perSecond)
    }
}
