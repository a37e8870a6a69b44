import Contracts
import Core
import Foundation
import TestKit
import Testing

@Suite struct ScheduleTests {
    private static let lines = [
        "* * * * *", "*/15 * * * *", "0 2 * * *", "30 4 1,15 * 5", "0 0 29 2 *", "5-50/7 3-5 * 6-8 *", "0 12 * * 1-5",
        "59 23 31 12 *", "0 0 * * 7", "0 0 13 * 5",
    ]

    /// Foundation's calendar, asked minute by minute.
    private func oracle(_ line: String, after time: Date) -> Date? {
        var calendar = Calendar(identifier: .gregorian)
        calendar.timeZone = TimeZone(secondsFromGMT: 0)!
        let words = line.split(separator: " ").map(String.init)
        func matches(_ field: String, _ value: Int, _ range: ClosedRange<Int>) -> Bool {
            field.split(separator: ",").contains { part in
                let pieces = part.split(separator: "/").map(String.init)
                let ends =
                    pieces[0] == "*"
                    ? [range.lowerBound, range.upperBound] : pieces[0].split(separator: "-").map { Int($0)! }
                let step = pieces.count > 1 ? Int(pieces[1])! : 1
                return (ends[0]...ends[ends.count - 1]).contains(value) && (value - ends[0]) % step == 0
            }
        }
        var minute = Date(timeIntervalSince1970: (time.timeIntervalSince1970 / 60).rounded(.down) * 60 + 60)
        for _ in 0..<60 * 24 * 8 {
            let parts = calendar.dateComponents([.minute, .hour, .day, .month, .weekday], from: minute)
            let weekday = parts.weekday! - 1
            let isDay = matches(words[2], parts.day!, 1...31)
            let isWeekday = matches(words[4], weekday, 0...7) || (weekday == 0 && matches(words[4], 7, 0...7))
            let isRight =
                words[2] != "*" && words[4] != "*" ? isDay || isWeekday : isDay && isWeekday
            if isRight, matches(words[0], parts.minute!, 0...59), matches(words[1], parts.hour!, 0...23),
                matches(words[3], parts.month!, 1...12)
            {
                return minute
            }
            minute.addTimeInterval(60)
        }
        return nil
    }

    @Test(arguments: lines) func cronAgreesWithTheCalendar(_ line: String) throws {
        let fields = try CronFields(line)
        var random = SeededGenerator(test: line)
        for _ in 0..<3 {
            let start = Int64.random(in: 0...4_000_000_000_000, using: &random)
            let next = try #require(fields.next(after: Timestamp(milliseconds: start)))
            #expect(next.milliseconds > start)
            let expected = oracle(line, after: Date(timeIntervalSince1970: Double(start) / 1000))
            if let expected {
                #expect(next.milliseconds == Int64(expected.timeIntervalSince1970) * 1000, "\(line) after \(start)")
            } else {
                #expect(next.milliseconds > start + 8 * 86_400_000, "\(line) after \(start)")
            }
        }
    }

    /// A clock that is set back neither brings a turn twice nor holds the next one back until it has caught up.
    @Test func aClockThatIsSetBackChangesATurnAtMost() throws {
        let hour = 3600
        // 2023-11-14T22:13:20Z
        let night = SyncSchedule.cron(try CronFields("0 22 * * *"))
        let turn = try #require(night.next(after: noon.advanced(by: .seconds(-hour)), since: noon))
        #expect(night.counted(from: turn, now: turn) == turn)
        // Ten minutes or a day and an hour: the turn that was had is left out; ten days: only the next one is.
        for back in [hour / 6, 25 * hour, 240 * hour] {
            let now = turn.advanced(by: .seconds(-back))
            let from = night.counted(from: turn, now: now)
            #expect(from > now && from <= turn)
            let next = try #require(night.next(after: from, since: now))
            #expect(next <= now.advanced(by: .seconds(48 * hour)))
            // Asked again later it stays so.
            #expect(night.counted(from: from, now: now.advanced(by: .seconds(60))) == from)
        }
        let every = SyncSchedule.every(.seconds(900))
        #expect(every.counted(from: noon.advanced(by: .seconds(hour)), now: noon) == noon)
        #expect(every.counted(from: noon, now: noon.advanced(by: .seconds(hour))) == noon)
    }

    @Test func theEndOfTimeIsNoTrap() throws {
        for line in Self.lines {
            let fields = try CronFields(line)
            for edge in [Int64.min, Int64.min + 1, -1, 0, Int64.max - 60_000, Int64.max] {
                let time = Timestamp(milliseconds: edge)
                if let next = fields.next(after: time) { #expect(next > time) }
            }
        }
    }

    @Test(arguments: [
        "", "* * * *", "* * * * * *", "60 * * * *", "-1 * * * *", "5- * * * *", "a * * * *", "*/0 * * * *",
        "1/2 * * * *",
        "0 0 30 2 *", "9-3 * * * *", "every", "every 0s", "every 5", "every 1m 2m", "1,, * * * *", "0 0 0 * *",
    ])
    func nonsenseIsRefused(_ text: String) {
        #expect(throws: Failure.self) { try SyncSchedule(text) }
    }
}
