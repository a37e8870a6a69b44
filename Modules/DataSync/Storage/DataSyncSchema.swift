import Store

/// The module's tables.
enum DataSyncSchema {
    static let migrations = MigrationSet(
        module: "datasync",
        migrations: [
            Migration(
                1,
                """
                CREATE TABLE datasync_manifests (
                    digest TEXT PRIMARY KEY,
                    body TEXT NOT NULL,            -- canonical JSON
                    raw_bytes INTEGER NOT NULL,
                    is_complete INTEGER NOT NULL,  -- every shard is here and durable
                    created INTEGER NOT NULL
                ) STRICT, WITHOUT ROWID;
                CREATE TABLE datasync_shards (
                    shard TEXT NOT NULL,
                    manifest TEXT NOT NULL REFERENCES datasync_manifests (digest) ON DELETE CASCADE,
                    PRIMARY KEY (shard, manifest)
                ) STRICT, WITHOUT ROWID;
                CREATE INDEX datasync_shards_by_manifest ON datasync_shards (manifest);
                CREATE TABLE datasync_references (
                    owner TEXT NOT NULL,
                    manifest TEXT NOT NULL REFERENCES datasync_manifests (digest) ON DELETE CASCADE,
                    PRIMARY KEY (owner, manifest)
                ) STRICT, WITHOUT ROWID;
                CREATE INDEX datasync_references_by_manifest ON datasync_references (manifest);
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
