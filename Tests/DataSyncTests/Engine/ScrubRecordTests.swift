import Core
import Foundation
import TestKit
import Testing

@testable import DataSync

@Suite struct ScrubRecordTests {
    private static let week: Duration = .seconds(7 * 86_400)

    /// Clouds that were installed together begin all over the first interval; afterwards each comes once an interval.
    @Test func walksAreSpreadAndComeOncePerInterval() throws {
        var random = SeededGenerator(seed: 11)
        let now = Timestamp(milliseconds: 1_000_000)
        var tenths = Set<Int64>()
        for _ in 0..<200 {
            var record = ScrubRecord.first(now: now, interval: Self.week, jitter: .random(in: 0...1, using: &random))
            #expect(record.due >= now && record.due <= now.advanced(by: Self.week))
            tenths.insert((record.due.milliseconds - now.milliseconds) * 10 / Self.week.milliseconds)
            #expect(record.begin(now: record.due) == 0)
            record.advance(to: 77, bytes: 1000, damaged: 1)
            // A restart in between loses nothing.
            var again = try JSONDecoder().decode(ScrubRecord.self, from: JSONEncoder().encode(record))
            #expect(again == record && again.begin(now: record.due.advanced(by: .seconds(60))) == 77)
            again.advance(to: 99, bytes: 500, damaged: 0)
            let end = record.due.advanced(by: .seconds(3600))
            again.finish(now: end, interval: Self.week, jitter: .random(in: 0...1, using: &random))
            #expect(again.position == nil && again.bytes == 1500 && again.damaged == 1 && again.finished == end)
            #expect(again.due >= end.advanced(by: Self.week * 0.9) && again.due <= end.advanced(by: Self.week * 1.1))
            #expect(again.begin(now: again.due) == 0 && again.bytes == 0 && again.damaged == 0)
        }
        #expect(tenths.count >= 10)
    }

    /// Neither a clock that jumps back nor a shorter interval puts a walk off for long.
    @Test func aDueTimeFarOffIsBroughtNear() {
        let now = Timestamp(milliseconds: 10_000_000_000)
        var record = ScrubRecord(due: now.advanced(by: Self.week * 50))
        record.adjust(now: now, interval: Self.week, jitter: 0.5)
        #expect(record.due == now.advanced(by: Self.week * 0.5))
        let before = record
        record.adjust(now: now, interval: Self.week, jitter: 0.1)
        #expect(record == before)
        record.adjust(now: now.advanced(by: Self.week * 9), interval: Self.week, jitter: 0.1)
        #expect(record == before)
    }
}
