/// Tells whether a sender holds its link up or the link the sender: what went by since the item before, set against how long
/// that item waited for room.
struct SenderPace: Sendable {
    /// As in `PortionEncoder`: a sender that waits for room in less of its time than this is what holds the link up.
    private static let waitShare = 0.2

    private var last: (sent: ContinuousClock.Instant, waited: Duration)?

    /// Whether the next item is late because of the sender; of the first nothing is known.
    func isHeld(at now: ContinuousClock.Instant) -> Bool {
        guard let last else { return false }
        let working = last.sent.duration(to: now) / .seconds(1)
        let waited = last.waited / .seconds(1)
        return waited < Self.waitShare * (working + waited)
    }

    /// An item is on its way, for which there was room after `waited`.
    mutating func sent(at now: ContinuousClock.Instant, waited: Duration) { last = (now, waited) }
}
