/// Tells whether one of the ends held a transfer up, from what its receiver sees: items that the source calls held, and the
/// time in which the receiver waited for nothing but its own work.
struct ReceiverPace: Sendable {
    /// A receiver that waits for the next item in less of its time than this is what holds the link up.
    private static let waitShare = 0.2

    private var bytes = 0
    private var heldBytes = 0
    private var waited = Duration.zero
    private var worked = Duration.zero
    private var came: ContinuousClock.Instant?
    private var free: ContinuousClock.Instant?

    mutating func came(_ count: Int, isHeld: Bool, at now: ContinuousClock.Instant) {
        bytes += count
        if isHeld { heldBytes += count }
        if let free { waited += free.duration(to: now) }
        came = now
    }

    /// What came is handed over.
    mutating func tookOver(at now: ContinuousClock.Instant) {
        if let came { worked += came.duration(to: now) }
        free = now
    }

    /// Whether the link may carry more than it did.
    var isLimited: Bool { 2 * heldBytes > bytes || waited < (waited + worked) * Self.waitShare }
}
