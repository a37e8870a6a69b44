import Core

/// Brings the tables of each module to the version this program knows, one committed step after another.
struct Migrator {
    let connection: Connection
    let clock: any WallClock

    /// - Throws: `newer-database` before anything is changed, or the error of the first step that fails; the steps before
    ///   it stay.
    /// - Returns: the steps applied, such as `datasync 2`.
    func migrate(_ sets: [MigrationSet]) throws -> [String] {
        try connection.execute(
            """
            CREATE TABLE IF NOT EXISTS store_migrations (
                module TEXT NOT NULL, version INTEGER NOT NULL, applied INTEGER NOT NULL, PRIMARY KEY (module, version)
            ) STRICT, WITHOUT ROWID
            """)
        let found = try connection.query("SELECT module, max(version) FROM store_migrations GROUP BY module") {
            (try $0.string(0), try $0.int(1))
        }
        let versions = Dictionary(uniqueKeysWithValues: found)
        for set in sets {
            if let version = versions[set.module], version > set.version { throw newer(set, found: version) }
        }
        var applied: [String] = []
        for set in sets {
            for migration in set.migrations.dropFirst(versions[set.module] ?? 0) {
                try apply(migration, of: set.module)
                applied.append("\(set.module) \(migration.version)")
            }
        }
        return applied
    }

    private func apply(_ migration: Migration, of module: String) throws {
        do {
            try connection.transaction("BEGIN IMMEDIATE") { connection in
                try connection.script(migration.sql)
                try connection.execute(
                    "INSERT INTO store_migrations (module, version, applied) VALUES (?, ?, ?)", module,
                    migration.version, clock.now())
            }
        } catch let error as StoreError {
            throw StoreError(
                error.kind,
                "cannot bring the tables of '\(module)' in \(connection.path) to version \(migration.version); they stay "
                    + "at version \(migration.version - 1)", cause: error)
        }
    }

    private func newer(_ set: MigrationSet, found: Int) -> StoreError {
        StoreError(
            .newerDatabase,
            "\(connection.path) holds version \(found) of the tables of '\(set.module)', but this program knows them up to "
                + "version \(set.version) and would damage them; run the newer program, or restore a backup from before "
                + "the upgrade")
    }
}
