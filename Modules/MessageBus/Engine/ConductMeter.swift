/// Counts a peer's offences against the wire format in a sliding window.
struct ConductMeter {
    private let limit: Int
    private let window: Duration
    private var times: [ContinuousClock.Instant] = []

    init(limit: Int, window: Duration) {
        self.limit = limit
        self.window = window
    }

    /// One more offence.
    /// - Returns: whether that is too many.
    mutating func offend(at now: ContinuousClock.Instant) -> Bool {
        times.removeAll { $0.advanced(by: window) <= now }
        times.append(now)
        return times.count >= limit
    }
}
