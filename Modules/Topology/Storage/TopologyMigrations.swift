public import Store

extension MigrationSet {
    /// The tables of `Topology`: sites and when they were last seen, keys, join tokens, cordons, links, and the history of every site's load.
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
                """),
            Migration(
                2,
                """
                CREATE TABLE topology_cordons (
                    name TEXT PRIMARY KEY,
                    since INTEGER NOT NULL,
                    draining INTEGER NOT NULL
                ) STRICT;
                CREATE TABLE topology_history (
                    site TEXT NOT NULL,
                    tier INTEGER NOT NULL,
                    start INTEGER NOT NULL,
                    points BLOB NOT NULL,
                    PRIMARY KEY (site, tier, start)
                ) STRICT, WITHOUT ROWID;
                """),
            Migration(
                3,
                """
                CREATE TABLE topology_links (
                    origin TEXT NOT NULL,
                    target TEXT NOT NULL,
                    document BLOB NOT NULL,
                    PRIMARY KEY (origin, target)
                ) STRICT, WITHOUT ROWID;
                """),
            Migration(
                4,
                """
                CREATE TABLE topology_seen (name TEXT PRIMARY KEY, seen INTEGER NOT NULL) STRICT, WITHOUT ROWID;
                """),
        ])
}
