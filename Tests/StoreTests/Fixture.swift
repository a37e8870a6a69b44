import Store
import Telemetry
import TestKit

/// A database of a test's own with a table `t_numbers`.
struct Fixture {
    let directory: TemporaryDirectory
    let database: Database

    static let migrations = MigrationSet(
        module: "t",
        migrations: [
            Migration(1, "CREATE TABLE t_numbers (id INTEGER PRIMARY KEY, value ANY, label TEXT UNIQUE) STRICT")
        ])

    init(limits: DatabaseLimits = DatabaseLimits(), readers: Int = 2) async throws {
        directory = try TemporaryDirectory("store")
        database = try await Database.open(
            path: directory.file("t.db"), migrations: [Self.migrations], readers: readers, limits: limits,
            logger: .disabled)
    }

    var path: String { database.path }

    func count() async throws -> Int {
        try await database.read { try $0.first("SELECT count(*) FROM t_numbers") { try $0.int(0) } } ?? -1
    }
}
