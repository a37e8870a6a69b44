import Contracts
import Core
import Testing

@testable import DataSync

/// The pure parts of appending: where records end, what of an append is new, when a version is made.
@Suite struct AppendRulesTests {
    private static func whole(_ format: RecordFormat, _ bytes: [UInt8]) -> [Int] {
        let whole = bytes.withUnsafeBytes { format.whole(in: $0) }
        return [whole.bytes, whole.records]
    }

    @Test func recordsEndWhereTheirFormatSays() {
        #expect(Self.whole(.lines, Array("{}\n\n{\"a\"".utf8)) == [4, 2])
        #expect(Self.whole(.lines, Array("{}".utf8)) == [0, 0])
        #expect(Self.whole(.bytes, [1, 2, 3]) == [3, 0])
        let record: [UInt8] = [2, 0, 0, 0, 7, 8]
        #expect(Self.whole(.delimited, record + record) == [12, 2])
        for count in 0..<6 { #expect(Self.whole(.delimited, record + record.prefix(count)) == [6, 1], "\(count)") }
        // A length that no memory has.
        #expect(Self.whole(.delimited, [0xff, 0xff, 0xff, 0xff, 1]) == [0, 0])
    }

    private static func plan(_ text: String, at offset: Int?, known: Int) throws -> AppendPlan {
        try Array(text.utf8).withUnsafeBytes {
            try AppendPlan($0, at: offset, known: known, format: .lines, producer: "p")
        }
    }

    @Test func whatWasSentBeforeIsLeftOut() throws {
        #expect(try Self.plan("a\nb\n", at: nil, known: 10).position == 14)
        let again = try Self.plan("a\nb\n", at: 6, known: 10)
        #expect(again.range.isEmpty && again.position == 10 && again.records == 0)
        let old = try Self.plan("a\n", at: 0, known: 10)
        #expect(old.range.isEmpty && old.position == 10)
        let half = try Self.plan("a\nb\n", at: 8, known: 10)
        #expect(half.range == 2..<4 && half.position == 12 && half.records == 1)
        #expect(throws: DataSyncError.self) { try Self.plan("a\n", at: 11, known: 10) }
        #expect(throws: DataSyncError.self) { try Self.plan("a\nb", at: nil, known: 0) }
        #expect(throws: DataSyncError.self) { try Self.plan("a\n", at: -1, known: 0) }
    }

    @Test func aVersionIsDueBySizeRecordsOrAge() {
        func open(_ bytes: Int, _ records: Int, at first: Int64 = 1000) -> OpenData {
            OpenData(
                bytes: bytes, records: records, files: 0, first: Timestamp(milliseconds: first),
                last: Timestamp(milliseconds: first))
        }
        let now = Timestamp(milliseconds: 2000)
        let rule = SealRule(bytes: 100, age: .seconds(60), threshold: nil)
        #expect(!rule.isDue(open(0, 0), now: now) && !rule.isDue(open(99, 1 << 20), now: now))
        #expect(rule.isDue(open(100, 0), now: now))
        #expect(rule.isDue(open(1, 1), now: Timestamp(milliseconds: 61_000)))
        #expect(!rule.isDue(open(1, 1), now: Timestamp(milliseconds: 60_999)))
        // A clock that was set back.
        #expect(rule.isDue(open(1, 1), now: Timestamp(milliseconds: 0)))
        let threshold = SealRule(
            bytes: 100, age: .seconds(60), threshold: SyncThreshold(bytes: ByteCount(10), records: 5))
        #expect(threshold.isDue(open(10, 0), now: now) && threshold.isDue(open(1, 5), now: now))
        #expect(!threshold.isDue(open(9, 4), now: now))
        // A policy that waits for more than the daemon keeps open does not keep it open for longer.
        #expect(SealRule(bytes: 100, age: .zero, threshold: SyncThreshold(bytes: ByteCount(1000))).bytes == 100)
    }

    @Test func recordFilesAreNumbered() {
        #expect(RecordFile.path(7, .lines) == "records/00000007.jsonl")
        #expect(RecordFile.path(123_456_789, .bytes) == "records/123456789.bin")
        #expect(RecordFile.next(after: [String]()) == 1)
        #expect(RecordFile.next(after: ["a", "records/00000003.bin", "records/x", "z/records/9.bin"]) == 4)
    }
}
