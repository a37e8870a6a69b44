public import Store

extension MigrationSet {
    /// The tables of `Topology`: sites, enrolled keys and join tokens.
    public static let topology = MigrationSet(
        module: "topology",
        migrations: [
            Migration(
                1,
                """
                CREATE TABLE topology_sites (name TEXT PRIMARY KEY, document BLOB NOT NULL) STRICT;
                CREATE TABLE topology_keys (
                    public_key TEXT PRIMARY KEY,
                    name TEXT NOT NULL,
                    enrolled INTEGER NOT NULL,
                    revoked INTEGER
                ) STRICT;
                CREATE UNIQUE INDEX topology_keys_name ON topology_keys (name) WHERE revoked IS NULL;
                CREATE TABLE topology_tokens (
                    secret_hash TEXT PRIMARY KEY,
                    name TEXT,
                    expires INTEGER NOT NULL,
                    used_by TEXT
                ) STRICT;
                """)
        ])
}
