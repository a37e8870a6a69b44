import Core
import Dispatch
import Store
import Telemetry
import TestKit
import Testing

@Suite struct DatabaseTests {
    @Test func everyTypeComesBackAsItWent() async throws {
        struct Shape: Codable, Equatable { var name: String, sides: [Int] }
        let fixture = try await Fixture()
        let shape = Shape(name: "사각형/\"x\"", sides: [1, 2])
        let blob: [UInt8] = [0, 255, 1, 0]
        let back = try await fixture.database.write { connection in
            try connection.first(
                "SELECT ?, ?, ?, ?, ?, ?, ?, ?, ?", Int.min, true, -0.5, "née\0x", blob, Timestamp(milliseconds: -7),
                try connection.json(shape), nil, ""
            ) { row in
                #expect(row.columnCount == 9)
                #expect(try row.int(0) == Int.min)
                #expect(try row.bool(1))
                #expect(try row.double(2) == -0.5)
                #expect(try row.string(3) == "née\0x")
                #expect(try row.blob(4) == blob)
                #expect(try row.timestamp(5) == Timestamp(milliseconds: -7))
                #expect(try row.optionalString(7) == nil)
                #expect(try row.string(8) == "")
                return try row.json(6, as: Shape.self)
            }
        }
        #expect(back == shape)
    }

    @Test func emptyBlobIsNotNull() async throws {
        let fixture = try await Fixture()
        let count = try await fixture.database.read { connection in
            try connection.first("SELECT ?", [UInt8]()) { try $0.blob(0).count }
        }
        #expect(count == 0)
    }

    @Test func mistypedColumnIsNamed() async throws {
        let fixture = try await Fixture()
        let error = await #expect(throws: StoreError.self) {
            try await fixture.database.read { try $0.first("SELECT 'seven'") { try $0.int(0) } }
        }
        #expect(error?.kind == .mistypedColumn)
        #expect(error?.message.contains("holds text, not an integer") == true)
    }

    @Test func throwingRollsBackEverything() async throws {
        struct Stop: Error {}
        let fixture = try await Fixture()
        await #expect(throws: Stop.self) {
            try await fixture.database.write { connection in
                try connection.execute("INSERT INTO t_numbers (id) VALUES (1)")
                throw Stop()
            }
        }
        #expect(try await fixture.count() == 0)
        try await fixture.database.write { try $0.execute("INSERT INTO t_numbers (id) VALUES (1)") }
        #expect(try await fixture.count() == 1)
    }

    @Test func constraintsAreTold() async throws {
        let fixture = try await Fixture()
        let error = await #expect(throws: StoreError.self) {
            try await fixture.database.write { connection in
                for _ in 0..<2 { try connection.execute("INSERT INTO t_numbers (label) VALUES ('a')") }
            }
        }
        #expect(error?.kind == .constraint)
        #expect(error?.isRetriable == false)
        #expect(try await fixture.count() == 0)
    }

    @Test func readersCannotWrite() async throws {
        let fixture = try await Fixture()
        let error = await #expect(throws: StoreError.self) {
            try await fixture.database.read { try $0.execute("INSERT INTO t_numbers (id) VALUES (1)") }
        }
        #expect(error?.kind == .io)
        #expect(try await fixture.count() == 0)
    }

    @Test func aReadSeesOneMoment() async throws {
        let fixture = try await Fixture()
        let database = fixture.database
        let (started, start) = AsyncStream<Void>.makeStream()
        let written = DispatchSemaphore(value: 0)
        async let counts = database.read { connection in
            let before = try connection.first("SELECT count(*) FROM t_numbers") { try $0.int(0) }
            start.finish()
            written.wait()  // this thread is the reader's own
            return [before, try connection.first("SELECT count(*) FROM t_numbers") { try $0.int(0) }]
        }
        for await _ in started {}
        try await database.write { try $0.execute("INSERT INTO t_numbers (id) VALUES (1)") }
        written.signal()
        #expect(try await counts == [0, 0])
        #expect(try await fixture.count() == 1)
    }

    @Test func sameStatementNestsInItself() async throws {
        let fixture = try await Fixture()
        let pairs = try await fixture.database.write { connection in
            for id in 1...3 { try connection.execute("INSERT INTO t_numbers (id) VALUES (?)", id) }
            let sql = "SELECT id FROM t_numbers ORDER BY id"
            return try connection.query(sql) { outer in
                (try outer.int(0), try connection.query(sql) { try $0.int(0) })
            }
        }
        #expect(pairs.map(\.0) == [1, 2, 3])
        #expect(pairs.allSatisfy { $0.1 == [1, 2, 3] })
    }

    @Test func wrongStatementsAreRefused() async throws {
        let fixture = try await Fixture()
        let wrong: [(String, [(any SQLValue)?])] = [
            ("SELEC 1", []), ("SELECT ?", []), ("SELECT 1", [2]), ("", []), ("COMMIT", []),
            ("DELETE FROM t_numbers; DELETE FROM t_numbers", []),
        ]
        for (sql, values) in wrong {
            let error = await #expect(throws: StoreError.self, "\(sql)") {
                try await fixture.database.write { connection in
                    try connection.execute("INSERT INTO t_numbers (id) VALUES (1)")
                    try connection.execute(sql, values: values)
                    try connection.execute("DELETE FROM t_numbers")
                }
            }
            #expect(error?.kind == .sql, "\(sql): \(String(describing: error))")
        }
    }

    @Test func concurrentWritersLoseNothing() async throws {
        let fixture = try await Fixture()
        let database = fixture.database
        try await database.write { try $0.execute("INSERT INTO t_numbers (id, value) VALUES (1, 0)") }
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<64 {
                group.addTask {
                    try await database.write { connection in
                        let value = try connection.first("SELECT value FROM t_numbers") { try $0.int(0) } ?? 0
                        try connection.execute("UPDATE t_numbers SET value = ?", value + 1)
                    }
                }
                group.addTask { _ = try await database.read { try $0.first("SELECT value FROM t_numbers") { _ in } } }
            }
            try await group.waitForAll()
        }
        #expect(try await database.read { try $0.first("SELECT value FROM t_numbers") { try $0.int(0) } } == 64)
    }

    @Test func aLockedDatabaseIsBusyAndRetriable() async throws {
        let fixture = try await Fixture()
        let other = try await Database.open(
            path: fixture.path, migrations: [], limits: DatabaseLimits(busyTimeout: .milliseconds(20)),
            logger: .disabled)
        let (started, start) = AsyncStream<Void>.makeStream()
        let release = DispatchSemaphore(value: 0)
        async let holding: Void = fixture.database.write { _ in
            start.finish()
            release.wait()  // this thread is the writer's own
        }
        for await _ in started {}
        let error = await #expect(throws: StoreError.self) {
            try await other.write { try $0.execute("INSERT INTO t_numbers (id) VALUES (1)") }
        }
        release.signal()
        try await holding
        #expect(error?.kind == .busy)
        #expect(error?.isRetriable == true)
        try await other.write { try $0.execute("INSERT INTO t_numbers (id) VALUES (1)") }
        #expect(try await fixture.count() == 1)
    }

    @Test func aClosedDatabaseSaysSo() async throws {
        let fixture = try await Fixture()
        await fixture.database.close()
        let write = await #expect(throws: StoreError.self) { try await fixture.database.write { _ in } }
        let read = await #expect(throws: StoreError.self) { try await fixture.database.read { _ in } }
        #expect([write?.kind, read?.kind] == [.closed, .closed])
    }

    @Test func reopenedItHoldsWhatWasWritten() async throws {
        let fixture = try await Fixture()
        try await fixture.database.write { try $0.execute("INSERT INTO t_numbers (label) VALUES ('kept')") }
        await fixture.database.close()
        let again = try await Database.open(
            path: fixture.path, migrations: [Fixture.migrations], logger: .disabled)
        #expect(try await again.read { try $0.query("SELECT label FROM t_numbers") { try $0.string(0) } } == ["kept"])
    }
}
