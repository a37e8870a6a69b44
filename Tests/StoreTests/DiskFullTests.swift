import Foundation
import Glibc
import Store
import Telemetry
import TestKit
import Testing

@Suite struct DiskFullTests {
    private static let padding = [UInt8](repeating: 7, count: 3000)

    /// Adds rows, ten to a transaction, until one fails.
    private static func fill(_ database: Database, from first: Int = 0) async -> (committed: Int, error: (any Error)?) {
        var committed = first
        do {
            while committed < first + 100_000 {
                let start = committed
                try await database.write { connection in
                    for id in start..<(start + 10) {
                        try connection.execute("INSERT INTO t_numbers (id, value) VALUES (?, ?)", id, Self.padding)
                    }
                }
                committed += 10
            }
            return (committed, nil)
        } catch { return (committed, error) }
    }

    private static func expectFull(_ error: (any Error)?) throws {
        let error = try #require(error as? StoreError)
        #expect(error.kind == .full)
        #expect(error.isRetriable)
        #expect(error.message.contains("space"))
    }

    @Test func theSizeLimitIsFullAndGoesOnAfterDeleting() async throws {
        let fixture = try await Fixture(limits: DatabaseLimits(maximumBytes: 1 << 20))
        let (committed, error) = await Self.fill(fixture.database)
        try Self.expectFull(error)
        #expect(committed > 100)
        #expect(try await fixture.count() == committed)
        try await fixture.database.write { try $0.execute("DELETE FROM t_numbers WHERE id < 50") }
        try await fixture.database.write {
            try $0.execute("INSERT INTO t_numbers (id, value) VALUES (-1, ?)", Self.padding)
        }
        #expect(try await fixture.count() == committed - 49)
        try await fixture.database.checkIntegrity()
    }

    /// A closure that swallows the error must not get the rest of its work committed without the beginning.
    @Test func aSwallowedFullDiskCannotCommitHalfATransaction() async throws {
        let fixture = try await Fixture(limits: DatabaseLimits(maximumBytes: 256 << 10))
        let error = await #expect(throws: StoreError.self) {
            try await fixture.database.write { connection in
                try connection.execute("INSERT INTO t_numbers (id, label) VALUES (0, 'first')")
                do {
                    for id in 1..<10_000 {
                        try connection.execute("INSERT INTO t_numbers (id, value) VALUES (?, ?)", id, Self.padding)
                    }
                } catch {}
                try connection.execute("INSERT INTO t_numbers (id, label) VALUES (-1, 'last')")
            }
        }
        #expect(error?.kind == .full)
        #expect(try await fixture.count() == 0)
        try await fixture.database.write { try $0.execute("INSERT INTO t_numbers (id) VALUES (1)") }
        #expect(try await fixture.count() == 1)
    }

    /// The kernel refuses to let the files grow (`RLIMIT_FSIZE`), in a process of its own because the limit is its whole.
    @Test(arguments: [100_000, 1_000_000, 2_500_000, 5_000_000])
    func filesThatMayNotGrow(_ limit: Int) async throws {
        let directory = try TemporaryDirectory("store")
        let path = directory.file("full.db")
        let crasher = try Crasher("store-crasher", "full", path, "\(limit)")
        let words = try #require(try await crasher.line()?.split(separator: " "))
        #expect(words.prefix(3) == ["failed", "full", "true"], "\(words)")
        let committed = try #require(words.last.flatMap { Int($0) })
        #expect(try await crasher.line() == "continued \(committed + 1)")
        #expect(crasher.finish() == 0)
        let database = try await Database.open(path: path, migrations: [], logger: .disabled)
        let (items, total) = try await database.read { connection in
            (
                try connection.first("SELECT count(*) FROM crash_items") { try $0.int(0) },
                try connection.first("SELECT batches FROM crash_total") { try $0.int(0) }
            )
        }
        #expect(total == committed + 1)
        #expect(items == 7 * (committed + 1))
        try await database.checkIntegrity()
    }

    @Test(.enabled(if: SmallDisk.isAvailable, "needs the right to mount a tmpfs"))
    func aRealFullDiskLosesNothing() async throws {
        let disk = try SmallDisk(bytes: 4 << 20)
        let path = disk.file("t.db")
        let database = try await Database.open(path: path, migrations: [Fixture.migrations], logger: .disabled)
        let (committed, error) = await Self.fill(database)
        try Self.expectFull(error)
        let count = { try await database.read { try $0.first("SELECT count(*) FROM t_numbers") { try $0.int(0) } } }
        #expect(committed > 100)
        #expect(try await count() == committed)
        try disk.resize(bytes: 16 << 20)
        try await database.write { try $0.execute("INSERT INTO t_numbers (id) VALUES (-1)") }
        #expect(try await count() == committed + 1)
        try await database.checkIntegrity()
        await database.close()
        let again = try await Database.open(path: path, migrations: [Fixture.migrations], logger: .disabled)
        #expect(
            try await again.read { try $0.first("SELECT count(*) FROM t_numbers") { try $0.int(0) } } == committed + 1)
        await again.close()
    }
}
