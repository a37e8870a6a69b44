import Contracts
import Core
import Store

/// The tables of `ArchiveSchema`, for one archive.
struct ArchiveRecords: Sendable {
    let database: Database
    /// Endpoint, bucket and prefix.
    let archive: String

    /// This machine's name as a writer; `fresh` when it has none.
    func writer(orElse fresh: String) async throws -> String {
        try await database.write { [archive] connection in
            try connection.execute(
                "INSERT INTO datasync_archive_writer (archive, id) VALUES (?, ?) ON CONFLICT DO NOTHING", archive, fresh
            )
            return try connection.first("SELECT id FROM datasync_archive_writer WHERE archive = ?", archive) {
                try $0.string(0)
            } ?? fresh
        }
    }

    /// Those of `shards` that are archived, and where.
    func places(of shards: [Digest]) async throws -> [Digest: ArchiveIndex.Place] {
        try await database.read { [archive] connection in
            var found: [Digest: ArchiveIndex.Place] = [:]
            for shard in shards {
                found[shard] = try connection.first(
                    "SELECT pack, offset, length FROM datasync_archive_shards WHERE archive = ? AND shard = ?", archive,
                    LeafKey(shard).bytes
                ) {
                    try ArchiveIndex.Place(
                        pack: $0.withBlob(0) { LeafKey(bytes: $0) }, offset: $0.int(1), length: $0.int(2))
                }
            }
            return found
        }
    }

    /// Records where shards lie, in place of what was recorded of them.
    func set(_ places: [Digest: ArchiveIndex.Place]) async throws {
        try await database.write { [archive] connection in
            for (shard, place) in places {
                try connection.execute(
                    """
                    INSERT OR REPLACE INTO datasync_archive_shards (archive, shard, pack, offset, length)
                    VALUES (?, ?, ?, ?, ?)
                    """, archive, LeafKey(shard).bytes, place.pack.bytes, place.offset, place.length)
            }
        }
    }

    /// A pack that is not there: what it held must be stored again.
    func forget(pack: LeafKey) async throws {
        try await database.write { [archive] connection in
            try connection.execute(
                "DELETE FROM datasync_archive_shards WHERE archive = ? AND pack = ?", archive, pack.bytes)
        }
    }

    func manifests() async throws -> Set<Digest> {
        try await database.read { [archive] connection in
            Set(
                try connection.query("SELECT manifest FROM datasync_archive_manifests WHERE archive = ?", archive) {
                    try $0.string(0)
                }.compactMap(Digest.init(hex:)))
        }
    }

    func setArchived(_ manifest: Digest, now: Timestamp) async throws {
        try await database.write { [archive] connection in
            try connection.execute(
                """
                INSERT INTO datasync_archive_manifests (archive, manifest, archived) VALUES (?, ?, ?)
                ON CONFLICT DO NOTHING
                """, archive, manifest.hex, now)
        }
    }

    func forget(manifest: Digest) async throws {
        try await database.write { [archive] connection in
            try connection.execute(
                "DELETE FROM datasync_archive_manifests WHERE archive = ? AND manifest = ?", archive, manifest.hex)
        }
    }
}
