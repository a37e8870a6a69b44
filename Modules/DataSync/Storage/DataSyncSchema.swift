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
                """)
        ])
}
