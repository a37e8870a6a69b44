/// How fast something goes at the moment: the bytes of the last three seconds.
struct RateMeter: Sendable {
    private static let slotLength: Duration = .milliseconds(150)
    private static let slotCount = 20

    private var start: ContinuousClock.Instant?
    /// Bytes by slot; the number says which turn of the ring they belong to.
    private var slots = [(number: Int, bytes: Int)](repeating: (-1, 0), count: slotCount)

    /// Bytes passed.
    mutating func note(_ bytes: Int, at now: ContinuousClock.Instant) {
        let number = number(at: now)
        if start == nil { start = now }
        let index = number % Self.slotCount
        if slots[index].number != number { slots[index] = (number, 0) }
        slots[index].bytes += bytes
    }

    /// Bytes per second; 0 while nothing passed.
    func rate(at now: ContinuousClock.Instant) -> Double {
        guard let start, now > start else { return 0 }
        let last = number(at: now)
        let bytes = slots.reduce(0) { $1.number > last - Self.slotCount && $1.number >= 0 ? $0 + $1.bytes : $0 }
        let covered = min(now - start, Self.slotLength * Self.slotCount)
        return Double(bytes) / max(0.05, covered / .seconds(1))
    }

    private func number(at now: ContinuousClock.Instant) -> Int {
        guard let start, now > start else { return 0 }
        return Int((now - start) / Self.slotLength)
    }
}
