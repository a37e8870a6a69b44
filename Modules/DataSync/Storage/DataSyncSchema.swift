import Store

/// The module's tables.
enum DataSyncSchema {
    static let migrations = MigrationSet(
        module: "datasync",
        migrations: [
            Migration(
                1,
                """
                CREATE TABLE datasync_leaves (
                    position INTEGER PRIMARY KEY,  -- segment << 32 | offset of the record
                    digest BLOB NOT NULL UNIQUE,
                    stored INTEGER NOT NULL,       -- bytes of the payload
                    raw INTEGER NOT NULL,
                    encoding INTEGER NOT NULL,
                    refs INTEGER NOT NULL          -- how often the lists of all shards name it
                ) STRICT;
                CREATE TABLE datasync_shards (
                    digest BLOB NOT NULL UNIQUE,
                    size INTEGER NOT NULL,
                    list BLOB NOT NULL             -- LeafList.encoded
                ) STRICT;
                CREATE TABLE datasync_segments (
                    id INTEGER PRIMARY KEY,
                    is_sealed INTEGER NOT NULL     -- nothing in it is without a row but what was freed
                ) STRICT;
                CREATE TABLE datasync_garbage (
                    position INTEGER PRIMARY KEY,  -- as in datasync_leaves
                    length INTEGER NOT NULL        -- bytes of the record, its header counted
                ) STRICT;
                CREATE TABLE datasync_manifests (
                    id INTEGER PRIMARY KEY,
                    digest TEXT NOT NULL UNIQUE,
                    body TEXT NOT NULL,            -- canonical JSON
                    raw_bytes INTEGER NOT NULL,
                    is_complete INTEGER NOT NULL,  -- every shard is here and durable
                    created INTEGER NOT NULL
                ) STRICT;
                CREATE TABLE datasync_names (
                    shard BLOB NOT NULL,
                    manifest INTEGER NOT NULL REFERENCES datasync_manifests (id) ON DELETE CASCADE,
                    PRIMARY KEY (shard, manifest)
                ) STRICT, WITHOUT ROWID;
                CREATE INDEX datasync_names_by_manifest ON datasync_names (manifest);
                CREATE TABLE datasync_references (
                    owner TEXT NOT NULL,
                    manifest TEXT NOT NULL REFERENCES datasync_manifests (digest) ON DELETE CASCADE,
                    PRIMARY KEY (owner, manifest)
                ) STRICT, WITHOUT ROWID;
                CREATE INDEX datasync_references_by_manifest ON datasync_references (manifest);
                CREATE TABLE datasync_tags (
                    owner TEXT NOT NULL,
                    manifest TEXT NOT NULL,
                    tags TEXT NOT NULL,            -- JSON
                    PRIMARY KEY (owner, manifest),
                    FOREIGN KEY (owner, manifest) REFERENCES datasync_references (owner, manifest) ON DELETE CASCADE
                ) STRICT, WITHOUT ROWID;
                CREATE TABLE datasync_datasets (
                    dataset TEXT PRIMARY KEY,
                    last INTEGER NOT NULL          -- the highest version that there ever was
                ) STRICT, WITHOUT ROWID;
                CREATE TABLE datasync_versions (
                    dataset TEXT NOT NULL,
                    version INTEGER NOT NULL,
                    manifest TEXT NOT NULL,
                    entries INTEGER NOT NULL,
                    raw_bytes INTEGER NOT NULL,
                    artefact TEXT NOT NULL,
                    is_pinned INTEGER NOT NULL,
                    created INTEGER NOT NULL,
                    PRIMARY KEY (dataset, version)
                ) STRICT, WITHOUT ROWID;
                CREATE TABLE datasync_transfers (
                    manifest TEXT PRIMARY KEY,
                    source TEXT NOT NULL,
                    state TEXT NOT NULL,
                    attempts INTEGER NOT NULL,
                    failure TEXT,
                    updated INTEGER NOT NULL
                ) STRICT, WITHOUT ROWID;
                """),
            Migration(
                2,
                """
                CREATE TABLE datasync_journals (   -- files of records that are in no version yet
                    id INTEGER PRIMARY KEY AUTOINCREMENT,
                    dataset TEXT NOT NULL,
                    format TEXT NOT NULL,
                    is_open INTEGER NOT NULL,      -- more may be added to it
                    bytes INTEGER NOT NULL,        -- of its file that were acknowledged; what lies behind them was not
                    records INTEGER NOT NULL,
                    artefact TEXT NOT NULL,
                    is_anonymised INTEGER NOT NULL,
                    created INTEGER NOT NULL,
                    changed INTEGER NOT NULL
                ) STRICT;
                CREATE INDEX datasync_journals_by_dataset ON datasync_journals (dataset);
                CREATE TABLE datasync_parts (      -- files that were appended and are in no version yet
                    id INTEGER PRIMARY KEY AUTOINCREMENT,
                    dataset TEXT NOT NULL,
                    manifest TEXT NOT NULL,
                    files INTEGER NOT NULL,
                    raw_bytes INTEGER NOT NULL,
                    artefact TEXT NOT NULL,
                    is_anonymised INTEGER NOT NULL,
                    created INTEGER NOT NULL
                ) STRICT;
                CREATE INDEX datasync_parts_by_dataset ON datasync_parts (dataset);
                CREATE TABLE datasync_producers (
                    dataset TEXT NOT NULL,
                    producer TEXT NOT NULL,
                    position INTEGER NOT NULL,     -- bytes of its stream that were acknowledged
                    changed INTEGER NOT NULL,
                    PRIMARY KEY (dataset, producer)
                ) STRICT, WITHOUT ROWID;
                CREATE TABLE datasync_version_records (
                    dataset TEXT NOT NULL,
                    version INTEGER NOT NULL,
                    records INTEGER NOT NULL,      -- of a version that has any
                    PRIMARY KEY (dataset, version),
                    FOREIGN KEY (dataset, version) REFERENCES datasync_versions (dataset, version) ON DELETE CASCADE
                ) STRICT, WITHOUT ROWID;
                """),
            Migration(
                3,
                """
                CREATE TABLE datasync_edges (      -- at the core: the state of each edge's catalogue
                    edge TEXT PRIMARY KEY,
                    revision TEXT NOT NULL,
                    told INTEGER NOT NULL
                ) STRICT, WITHOUT ROWID;
                CREATE TABLE datasync_edge_datasets (
                    edge TEXT NOT NULL,
                    dataset TEXT NOT NULL,
                    entry TEXT NOT NULL,           -- JSON
                    PRIMARY KEY (edge, dataset)
                ) STRICT, WITHOUT ROWID;
                """),
            Migration(
                4,
                """
                CREATE TABLE datasync_cache (      -- manifests that came from elsewhere, whoever needs them now
                    manifest TEXT PRIMARY KEY REFERENCES datasync_manifests (digest) ON DELETE CASCADE,
                    bytes INTEGER NOT NULL,        -- raw
                    cost REAL NOT NULL,            -- seconds to fetch it again
                    frequency INTEGER NOT NULL,    -- how often it was wanted
                    value REAL NOT NULL,           -- see CacheValue
                    used INTEGER NOT NULL
                ) STRICT, WITHOUT ROWID;
                CREATE TABLE datasync_cache_age (  -- the value of what was evicted last
                    id INTEGER PRIMARY KEY CHECK (id = 1),
                    age REAL NOT NULL
                ) STRICT;
                """),
            Migration(
                5,
                """
                CREATE TABLE datasync_signatures (
                    manifest TEXT NOT NULL REFERENCES datasync_manifests (digest) ON DELETE CASCADE,
                    key BLOB NOT NULL,             -- Ed25519
                    signature BLOB NOT NULL,
                    writer TEXT NOT NULL,          -- whose key it was when the signature was verified
                    PRIMARY KEY (manifest, key)
                ) STRICT, WITHOUT ROWID;
                CREATE INDEX datasync_signatures_by_writer ON datasync_signatures (writer);
                CREATE TABLE datasync_writers (
                    peer TEXT PRIMARY KEY,
                    key BLOB NOT NULL,
                    enrolled TEXT NOT NULL,        -- the CURVE key that it was told under, empty without encryption
                    learned INTEGER NOT NULL
                ) STRICT, WITHOUT ROWID;
                CREATE TABLE datasync_signing (    -- a row once what was here before is signed
                    id INTEGER PRIMARY KEY CHECK (id = 1),
                    since INTEGER NOT NULL
                ) STRICT;
                """),
            Migration(
                6,
                """
                CREATE TABLE datasync_orders (     -- what an operator wants, until it is taken back
                    peer TEXT PRIMARY KEY,         -- empty for all together
                    is_paused INTEGER NOT NULL DEFAULT 0,
                    bytes_per_second INTEGER NOT NULL DEFAULT 0  -- 0 for no limit
                ) STRICT, WITHOUT ROWID;
                """),
            Migration(
                7,
                """
                CREATE TABLE datasync_scrub (
                    id INTEGER PRIMARY KEY CHECK (id = 1),
                    record TEXT NOT NULL           -- ScrubRecord, JSON
                ) STRICT;
                CREATE TABLE datasync_damaged (    -- manifests that were whole until a shard was found damaged
                    manifest TEXT PRIMARY KEY REFERENCES datasync_manifests (digest) ON DELETE CASCADE,
                    found INTEGER NOT NULL         -- order in which they were found
                ) STRICT, WITHOUT ROWID;
                """),
            Migration(
                8,
                """
                CREATE TABLE datasync_sealed (     -- versions made of what was appended
                    dataset TEXT NOT NULL,
                    version INTEGER NOT NULL,
                    root INTEGER NOT NULL,         -- each version of one root has everything that those before it have
                    PRIMARY KEY (dataset, version),
                    FOREIGN KEY (dataset, version) REFERENCES datasync_versions (dataset, version) ON DELETE CASCADE
                ) STRICT, WITHOUT ROWID;
                """),
        ])
}
