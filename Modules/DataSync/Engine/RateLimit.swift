/// Bytes per second as a token bucket, kept as the time at which what was let through will have passed (the generic cell
/// rate algorithm, ITU-T I.371): no timer refills it, and its rate may change at any time.
struct RateLimit: Sendable, Hashable {
    /// 0 for no limit.
    private(set) var bytesPerSecond: Int
    /// How far ahead of its rate it lets through: what it lets through in this time may go at once.
    let burst: Duration
    private var busyUntil: ContinuousClock.Instant?

    init(bytesPerSecond: Int = 0, burst: Duration = .milliseconds(20)) {
        self.bytesPerSecond = max(0, bytesPerSecond)
        self.burst = burst
    }

    /// From when on something may be let through; `nil` when that is at once.
    func ready(at now: ContinuousClock.Instant) -> ContinuousClock.Instant? {
        guard bytesPerSecond > 0, let busyUntil else { return nil }
        let ready = busyUntil - burst
        return ready > now ? ready : nil
    }

    /// Lets `bytes` through, whether it is ready or not: what is too much delays what comes after.
    mutating func take(_ bytes: Int, at now: ContinuousClock.Instant) {
        guard bytesPerSecond > 0 else { return }
        busyUntil = max(busyUntil ?? now, now) + .seconds(Double(bytes) / Double(bytesPerSecond))
    }

    /// Changes the rate; bytes that were let through ahead of the old rate are paid back at the new one.
    mutating func set(_ bytesPerSecond: Int, at now: ContinuousClock.Instant) {
        let old = self.bytesPerSecond
        self.bytesPerSecond = max(0, bytesPerSecond)
        guard let busyUntil, busyUntil > now, self.bytesPerSecond > 0, old > 0 else { return self.busyUntil = nil }
        self.busyUntil = now + (busyUntil - now) * (Double(old) / Double(self.bytesPerSecond))
    }
}
