import Core

/// Where a walk over all that is stored is, and when the next begins: pure, and durable between restarts.
struct ScrubRecord: Codable, Sendable, Hashable {
    /// When the next walk begins; that of one that goes on is past.
    var due: Timestamp
    /// Where the walk that goes on is; `nil` when none does.
    var position: Int64?
    /// Of the walk that goes on, or of the last one.
    var started: Timestamp?
    var finished: Timestamp?
    var bytes = 0
    var damaged = 0

    /// What has never walked begins at a random moment of its first interval, so that clouds that were installed together do not
    /// all read at once.
    /// - Parameter jitter: 0 to 1.
    static func first(now: Timestamp, interval: Duration, jitter: Double) -> ScrubRecord {
        ScrubRecord(due: now.advanced(by: interval * jitter))
    }

    /// After a start: a clock or an interval that was changed does not put the next walk off by more than an interval.
    mutating func adjust(now: Timestamp, interval: Duration, jitter: Double) {
        if due > now.advanced(by: interval * 1.1) { due = now.advanced(by: interval * jitter) }
    }

    /// A walk begins, or goes on where it was.
    /// - Returns: where.
    mutating func begin(now: Timestamp) -> Int64 {
        if let position { return position }
        (position, started, bytes, damaged) = (0, now, 0, 0)
        return 0
    }

    /// Some records were read.
    mutating func advance(to position: Int64, bytes: Int, damaged: Int) {
        self.position = position
        self.bytes += bytes
        self.damaged += damaged
    }

    mutating func finish(now: Timestamp, interval: Duration, jitter: Double) {
        position = nil
        finished = now
        due = now.advanced(by: interval * (0.9 + 0.2 * jitter))
    }
}
