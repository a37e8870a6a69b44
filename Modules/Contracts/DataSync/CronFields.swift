public import Core

/// The five fields of a crontab(5) line, in UTC.
public struct CronFields: Sendable, Hashable {
    /// As it was written.
    public let text: String
    /// Bit *n* stands for the value *n*.
    private let minutes: UInt64
    private let hours: UInt64
    private let days: UInt64
    private let months: UInt64
    /// 0 is Sunday.
    private let weekdays: UInt64
    /// With both the day of the month and of the week given, either one is enough, as cron has it.
    private let isEitherDay: Bool

    /// - Throws: `Failure` `invalid-schedule` that names the field at fault.
    public init(_ text: String) throws(Failure) {
        let words = text.split(separator: " ").map(String.init)
        guard words.count == 5 else {
            throw Failure(
                code: "invalid-schedule",
                message: "'\(text.prefix(80))' is no schedule; write 'every 15m', or five fields: minute, hour, day of "
                    + "month, month, day of week, as in '0 2 * * *'")
        }
        self.text = words.joined(separator: " ")
        minutes = try Self.bits(words[0], 0...59, "minute")
        hours = try Self.bits(words[1], 0...23, "hour")
        days = try Self.bits(words[2], 1...31, "day of month")
        months = try Self.bits(words[3], 1...12, "month")
        let week = try Self.bits(words[4], 0...7, "day of week")
        weekdays = week | (week >> 7 & 1)  // 7 is Sunday too.
        isEitherDay = !words[2].hasPrefix("*") && !words[4].hasPrefix("*")
        guard next(after: Timestamp(milliseconds: 0)) != nil else {
            throw Failure(
                code: "invalid-schedule",
                message: "'\(self.text)' never comes: no month that it names has such a day")
        }
    }

    /// The first full minute after `time` that the fields name.
    /// - Returns: `nil` past the last moment that can be written.
    public func next(after time: Timestamp) -> Timestamp? {
        let start = Self.floor(time.milliseconds, 60_000) + 1  // Minutes since 1970.
        var day = Self.floor(start, 1440)
        var minute = Int(start - day * 1440)
        // 29 February can be eight years away.
        for _ in 0..<(366 * 8 + 2) {
            if names(day: day), let found = firstMinute(from: minute) {
                let (milliseconds, overflow) = (day * 1440 + Int64(found)).multipliedReportingOverflow(by: 60_000)
                return overflow ? nil : Timestamp(milliseconds: milliseconds)
            }
            day += 1
            minute = 0
        }
        return nil
    }

    private func firstMinute(from minute: Int) -> Int? {
        for hour in (minute / 60)..<24 where hours >> UInt64(hour) & 1 == 1 {
            let first = hour == minute / 60 ? minute % 60 : 0
            if let found = (first..<60).first(where: { minutes >> UInt64($0) & 1 == 1 }) { return hour * 60 + found }
        }
        return nil
    }

    /// - Parameter day: since 1970-01-01, a Thursday.
    private func names(day: Int64) -> Bool {
        let (month, dayOfMonth) = Self.date(day)
        guard months >> UInt64(month) & 1 == 1 else { return false }
        let weekday = day + 4 - 7 * Self.floor(day + 4, 7)
        let isDay = days >> UInt64(dayOfMonth) & 1 == 1
        let isWeekday = weekdays >> UInt64(weekday) & 1 == 1
        return isEitherDay ? isDay || isWeekday : isDay && isWeekday
    }

    /// H. Hinnant's `civil_from_days` (https://howardhinnant.github.io/date_algorithms.html) without the year.
    private static func date(_ day: Int64) -> (month: Int64, day: Int64) {
        let shifted = day + 719_468
        let dayOfEra = shifted - floor(shifted, 146_097) * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let fromMarch = (5 * dayOfYear + 2) / 153
        return (fromMarch < 10 ? fromMarch + 3 : fromMarch - 9, dayOfYear - (153 * fromMarch + 2) / 5 + 1)
    }

    private static func floor(_ value: Int64, _ divisor: Int64) -> Int64 {
        let (quotient, remainder) = value.quotientAndRemainder(dividingBy: divisor)
        return remainder < 0 ? quotient - 1 : quotient
    }

    private static func bits(_ field: String, _ range: ClosedRange<Int>, _ name: String) throws(Failure) -> UInt64 {
        var bits: UInt64 = 0
        for part in field.split(separator: ",", omittingEmptySubsequences: false) {
            let pieces = part.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
            var values: ClosedRange<Int>?
            if pieces[0] == "*" {
                values = range
            } else {
                let ends = pieces[0].split(separator: "-", maxSplits: 1, omittingEmptySubsequences: false).map {
                    Int($0)
                }
                if let first = ends[0], let last = ends.count == 2 ? ends[1] : first, first <= last,
                    range.contains(first), range.contains(last), pieces.count == 1 || ends.count == 2
                {
                    values = first...last
                }
            }
            let step = pieces.count == 2 ? Int(pieces[1]) : 1
            guard let values, let step, (1...range.upperBound).contains(step) else {
                throw Failure(
                    code: "invalid-schedule",
                    message: "'\(part.prefix(40))' is no \(name); write a number from \(range.lowerBound) to "
                        + "\(range.upperBound), a range such as \(range.lowerBound)-\(range.upperBound), or */2")
            }
            for value in stride(from: values.lowerBound, through: values.upperBound, by: step) {
                bits |= 1 << UInt64(value)
            }
        }
        return bits
    }
}
