/// One step of a module's schema: SQL that takes its tables from `version - 1` to `version`. Never edited once released;
/// a mistake is corrected by the next step.
public struct Migration: Sendable, Hashable {
    /// 1 for the first, then one more each.
    public let version: Int
    /// One or more statements, separated by semicolons.
    public let sql: String

    public init(_ version: Int, _ sql: String) {
        self.version = version
        self.sql = sql
    }
}

/// Every step of one module's schema, in order. Steps only go forward.
public struct MigrationSet: Sendable, Hashable {
    /// The owner of the tables, such as `datasync`; its tables' names start with it.
    public let module: String
    public let migrations: [Migration]

    /// - Precondition: the versions are 1, 2, 3, … in this order.
    public init(module: String, migrations: [Migration]) {
        precondition(
            migrations.map(\.version) == Array(1..<(migrations.count + 1)),
            "migrations of \(module) must be numbered 1, 2, 3, … without a gap")
        self.module = module
        self.migrations = migrations
    }

    /// The version this program brings the module's tables to; 0 for no tables.
    public var version: Int { migrations.last?.version ?? 0 }
}
