import Core
import Store
import Telemetry
import TestKit
import Testing

@Suite struct CrashTests {
    /// A writer is killed at a random point again and again: every batch it was told is kept, every batch is whole, and
    /// at most the one in flight is there beyond those.
    @Test func whatWasAcknowledgedSurvivesKill9() async throws {
        let directory = try TemporaryDirectory("store")
        let path = directory.file("crash.db")
        let seed: UInt64 = 20_240_229
        var random = SplitMix64(seed: seed)
        var kept = 0
        for kill in 0..<40 {
            let crasher = try Crasher("store-crasher", "append", path)
            #expect(try await crasher.line() == "ready \(kept)", "seed \(seed), kill \(kill)")
            var acknowledged = kept
            for _ in 0..<Int.random(in: 0..<12, using: &random) {
                acknowledged = try #require(try await crasher.line().flatMap { Int($0) })
            }
            for _ in 0..<Int.random(in: 0..<20_000, using: &random) { _ = random.next() }  // moves the kill about
            crasher.kill()
            while let line = try await crasher.line() { acknowledged = Int(line) ?? acknowledged }
            let database = try await Database.open(path: path, migrations: [], logger: .disabled)
            let (batches, partial, total) = try await database.read { connection in
                (
                    try connection.first("SELECT count(DISTINCT batch) FROM crash_items") { try $0.int(0) } ?? -1,
                    try connection.query(
                        "SELECT batch FROM crash_items GROUP BY batch HAVING count(*) <> 7 OR sum(item) <> 21"
                    ) { try $0.int(0) },
                    try connection.first("SELECT batches FROM crash_total") { try $0.int(0) } ?? -1
                )
            }
            #expect(partial == [], "seed \(seed), kill \(kill)")
            #expect(batches == total, "seed \(seed), kill \(kill)")
            #expect((acknowledged...(acknowledged + 1)).contains(total), "seed \(seed), kill \(kill)")
            kept = total
            await database.close()
        }
        #expect(kept > 40)
    }

    @Test func aProcessThatOwnsTheDirectoryIsNamedAndItsDeathFreesIt() async throws {
        let directory = try TemporaryDirectory("store")
        let path = directory.file("state")
        let crasher = try Crasher("store-crasher", "hold", path)
        #expect(try await crasher.line() == "holding \(crasher.processIdentifier)")
        let error = #expect(throws: StoreError.self) { try StateDirectory(path) }
        #expect(error?.kind == .lockedByOtherProcess)
        #expect(error?.message.contains(path) == true)
        #expect(error?.message.contains("process \(crasher.processIdentifier)") == true)
        crasher.kill()
        _ = try StateDirectory(path)
        let next = try Crasher("store-crasher", "hold", path)
        #expect(try await next.line()?.hasPrefix("holding") == true)
        #expect(next.finish() == 0)
    }
}
