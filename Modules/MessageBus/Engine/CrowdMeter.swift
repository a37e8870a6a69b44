import Contracts

/// Tells when what arrives comes from many peers who each want a little. To wake for each of their messages costs more than the
/// messages do; `pause` lets some gather.
struct CrowdMeter {
    /// How long arrivals may wait in a crowd.
    static let pause: Duration = .milliseconds(5)
    private static let window: Duration = .milliseconds(100)
    /// The fewest peers within a window that are a crowd.
    private static let crowd = 25

    /// The number of the window that runs.
    private var window: UInt64 = 1
    private var end: ContinuousClock.Instant?
    private var peers = 0
    private var hasBulk = false
    private var isCrowd = false

    /// Counts a message of a peer.
    /// - Parameter seen: the window in which the peer was counted last; 0 before the first.
    mutating func count(_ lane: Lane, seen: inout UInt64, at now: ContinuousClock.Instant) {
        turn(to: now)
        if lane != .control { hasBulk = true }
        guard seen != window else { return }
        seen = window
        peers += 1
    }

    /// How long arrivals may wait from `now` on: not at all where models and data move, which would wait at every turn.
    mutating func pause(at now: ContinuousClock.Instant) -> Duration? {
        turn(to: now)
        return isCrowd && !hasBulk ? Self.pause : nil
    }

    private mutating func turn(to now: ContinuousClock.Instant) {
        if let end, now < end { return }
        // After a silence of a whole window there is no crowd any more.
        isCrowd = peers >= Self.crowd && !hasBulk && end.map { now < $0 + Self.window } == true
        (peers, hasBulk) = (0, false)
        window += 1
        end = now + Self.window
    }
}
