import Core
import Store
import Telemetry
import TestKit
import Testing

@Suite struct MigrationTests {
    private static func steps(_ count: Int, module: String = "alpha") -> MigrationSet {
        MigrationSet(
            module: module,
            migrations: (1...count).map { version in
                Migration(version, "CREATE TABLE \(module)_\(version) (x ANY) STRICT; -- step \(version)")
            })
    }

    private static func open(_ path: String, _ sets: MigrationSet...) async throws -> Database {
        try await Database.open(path: path, migrations: sets, logger: .disabled)
    }

    private static func tables(_ database: Database) async throws -> [String] {
        try await database.read { connection in
            try connection.query(
                "SELECT name FROM sqlite_schema WHERE type = 'table' AND name <> 'store_migrations' ORDER BY name"
            ) { try $0.string(0) }
        }
    }

    @Test func stepsRunOnceAndOnlyForward() async throws {
        let directory = try TemporaryDirectory("store")
        let path = directory.file("a.db")
        let first = try await Self.open(path, Self.steps(1))
        #expect(try await Self.tables(first) == ["alpha_1"])
        await first.close()
        let second = try await Self.open(path, Self.steps(3), Self.steps(1, module: "beta"))
        #expect(try await Self.tables(second) == ["alpha_1", "alpha_2", "alpha_3", "beta_1"])
        await second.close()
        // A program that does not know module beta leaves its tables alone.
        let third = try await Self.open(path, Self.steps(3))
        #expect(try await Self.tables(third).count == 4)
    }

    @Test func aNewerDatabaseIsRefusedAndUntouched() async throws {
        let directory = try TemporaryDirectory("store")
        let path = directory.file("a.db")
        await (try await Self.open(path, Self.steps(3))).close()
        let error = await #expect(throws: StoreError.self) {
            try await Self.open(path, Self.steps(2), Self.steps(1, module: "beta"))
        }
        #expect(error?.kind == .newerDatabase)
        let message = try #require(error?.message)
        for part in [path, "'alpha'", "version 3", "version 2", "restore a backup"] {
            #expect(message.contains(part), "\(message)")
        }
        #expect(try await Self.tables(try await Self.open(path, Self.steps(3))).count == 3)
    }

    @Test func aFailingStepLeavesTheStepsBefore() async throws {
        let directory = try TemporaryDirectory("store")
        let path = directory.file("a.db")
        let broken = MigrationSet(
            module: "alpha",
            migrations: Self.steps(1).migrations + [
                Migration(2, "CREATE TABLE alpha_2 (x ANY) STRICT; INSERT INTO nowhere VALUES (1);")
            ])
        let error = await #expect(throws: StoreError.self) { try await Self.open(path, broken) }
        #expect(error?.kind == .sql)
        #expect(error?.message.contains("'alpha'") == true)
        #expect(error?.description.contains("nowhere") == true)
        let database = try await Self.open(path, Self.steps(1))
        #expect(try await Self.tables(database) == ["alpha_1"])
        await database.close()
        #expect(try await Self.tables(try await Self.open(path, Self.steps(2))) == ["alpha_1", "alpha_2"])
    }
}
