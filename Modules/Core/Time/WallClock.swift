import Glibc

/// A moment as people write it: milliseconds since 1970-01-01 UTC. For records and displays; never to measure a duration,
/// because a wall clock jumps.
public struct Timestamp: Hashable, Sendable, Codable, Comparable, CustomStringConvertible {
    public let milliseconds: Int64

    public init(milliseconds: Int64) { self.milliseconds = milliseconds }

    public init(from decoder: any Decoder) throws {
        milliseconds = try decoder.singleValueContainer().decode(Int64.self)
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(milliseconds)
    }

    public static func < (left: Timestamp, right: Timestamp) -> Bool { left.milliseconds < right.milliseconds }

    /// The moment `duration` later, at most the last one that can be written.
    public func advanced(by duration: Duration) -> Timestamp {
        let change = duration.milliseconds
        let (sum, overflow) = milliseconds.addingReportingOverflow(change)
        return Timestamp(milliseconds: overflow ? (change < 0 ? .min : .max) : sum)
    }

    /// RFC 3339 in UTC with milliseconds, such as `2024-02-29T23:59:59.999Z`.
    ///
    /// The date follows from the days since 1970 by H. Hinnant's `civil_from_days`
    /// (https://howardhinnant.github.io/date_algorithms.html), because every log record needs it.
    public var description: String {
        let second = Self.floor(milliseconds, by: 1000)
        let day = Self.floor(second.quotient, by: 86_400)
        // Eras of 400 years that start on 1 March, so that a leap day is the last of its year.
        let era = Self.floor(day.quotient + 719_468, by: 146_097)
        let dayOfEra = era.remainder
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let monthFromMarch = (5 * dayOfYear + 2) / 153
        let month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
        let year = era.quotient * 400 + yearOfEra + (month <= 2 ? 1 : 0)

        var text = ""
        text.reserveCapacity(24)
        func append(_ value: Int64, width: Int, _ end: String) {
            let digits = String(value)
            for _ in 0..<max(0, width - digits.utf8.count) { text += "0" }
            text += digits
            text += end
        }
        append(year, width: 4, "-")
        append(month, width: 2, "-")
        append(dayOfYear - (153 * monthFromMarch + 2) / 5 + 1, width: 2, "T")
        append(day.remainder / 3600, width: 2, ":")
        append(day.remainder / 60 % 60, width: 2, ":")
        append(day.remainder % 60, width: 2, ".")
        append(second.remainder, width: 3, "Z")
        return text
    }

    /// Division that rounds down, so that the remainder is never negative.
    private static func floor(_ value: Int64, by divisor: Int64) -> (quotient: Int64, remainder: Int64) {
        let (quotient, remainder) = value.quotientAndRemainder(dividingBy: divisor)
        return remainder < 0 ? (quotient - 1, remainder + divisor) : (quotient, remainder)
    }
}

/// The port through which a module reads the time of day, so that tests can say what time it is.
public protocol WallClock: Sendable {
    func now() -> Timestamp
}

/// The machine's own time of day.
public struct SystemWallClock: WallClock {
    public init() {}

    public func now() -> Timestamp {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Timestamp(milliseconds: Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000)
    }
}

extension Duration {
    /// The duration in whole milliseconds, rounded towards zero and clamped to `Int64`.
    public var milliseconds: Int64 {
        let (seconds, attoseconds) = components
        let (product, overflow) = seconds.multipliedReportingOverflow(by: 1000)
        if overflow { return seconds < 0 ? .min : .max }
        let (sum, sumOverflow) = product.addingReportingOverflow(attoseconds / 1_000_000_000_000_000)
        return sumOverflow ? (seconds < 0 ? .min : .max) : sum
    }

    /// The duration in seconds.
    public var seconds: Double {
        let (seconds, attoseconds) = components
        return Double(seconds) + Double(attoseconds) * 1e-18
    }
}
