import Store

/// The tables of the rules: what users wrote, what an edge was told, when scheduled transfers moved, what was refused.
enum SyncPolicySchema {
    static let migrations = MigrationSet(
        module: "syncpolicy",
        migrations: [
            Migration(
                1,
                """
                CREATE TABLE syncpolicy_documents (   -- what users applied, at the core
                    kind TEXT NOT NULL,
                    name TEXT NOT NULL,
                    uid TEXT NOT NULL,
                    created INTEGER NOT NULL,
                    document TEXT NOT NULL,           -- JSON
                    PRIMARY KEY (kind, name)
                ) STRICT, WITHOUT ROWID;
                CREATE TABLE syncpolicy_revision (    -- of the documents here, or of what the core told
                    id INTEGER PRIMARY KEY CHECK (id = 1),
                    origin TEXT NOT NULL,
                    number INTEGER NOT NULL,
                    told TEXT                         -- JSON of the set the core told; an edge's only
                ) STRICT;
                CREATE TABLE syncpolicy_flows (       -- when something last moved that moves on a schedule
                    flow TEXT PRIMARY KEY,
                    manifest TEXT NOT NULL,
                    since INTEGER NOT NULL,
                    previous INTEGER,
                    last INTEGER,
                    is_allowed INTEGER NOT NULL
                ) STRICT, WITHOUT ROWID;
                CREATE TABLE syncpolicy_audit (
                    id INTEGER PRIMARY KEY AUTOINCREMENT,
                    last INTEGER NOT NULL,
                    count INTEGER NOT NULL,
                    entry TEXT NOT NULL               -- JSON
                ) STRICT;
                """)
        ])
}
