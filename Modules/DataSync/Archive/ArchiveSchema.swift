import Store

/// What this machine remembers of its archive, so that nothing is looked for or sent twice. All of it can be lost: the
/// archive itself says what it has.
enum ArchiveSchema {
    static let migrations = MigrationSet(
        module: "datasync_archive",
        migrations: [
            Migration(
                1,
                """
                CREATE TABLE datasync_archive_writer (
                    archive TEXT PRIMARY KEY,      -- endpoint, bucket and prefix
                    id TEXT NOT NULL               -- of this machine, in the archive's `writer`
                ) STRICT, WITHOUT ROWID;
                CREATE TABLE datasync_archive_shards (
                    archive TEXT NOT NULL,
                    shard BLOB NOT NULL,
                    pack BLOB NOT NULL,
                    offset INTEGER NOT NULL,
                    length INTEGER NOT NULL,
                    PRIMARY KEY (archive, shard)
                ) STRICT, WITHOUT ROWID;
                CREATE INDEX datasync_archive_by_pack ON datasync_archive_shards (archive, pack);
                CREATE TABLE datasync_archive_manifests (
                    archive TEXT NOT NULL,
                    manifest TEXT NOT NULL,
                    archived INTEGER NOT NULL,
                    PRIMARY KEY (archive, manifest)
                ) STRICT, WITHOUT ROWID;
                """)
        ])
}
