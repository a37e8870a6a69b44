import Contracts
import Core
import Store

/// Which manifests are here, which shards they name and who refers to them; inside one transaction.
struct Catalogue {
    let connection: Connection

    /// A manifest that was checked when it came.
    struct Entry {
        let manifest: Manifest
        let isComplete: Bool
    }

    /// - Parameter known: the manifest of this name, if it was read before.
    func entry(_ digest: Digest, known: Manifest? = nil) throws -> Entry? {
        if let known {
            return try connection.first("SELECT is_complete FROM datasync_manifests WHERE digest = ?", digest.hex) {
                row in
                Entry(manifest: known, isComplete: try row.bool(0))
            }
        }
        return try connection.first("SELECT body, is_complete FROM datasync_manifests WHERE digest = ?", digest.hex) {
            row in
            Entry(manifest: try row.json(0), isComplete: try row.bool(1))
        }
    }

    /// Records a manifest and the shards it names. A manifest that is here keeps its state.
    func insert(_ manifest: Manifest, digest: Digest, now: Timestamp) throws {
        try connection.execute(
            """
            INSERT INTO datasync_manifests (digest, body, raw_bytes, is_complete, created) VALUES (?, ?, ?, 0, ?)
            ON CONFLICT DO NOTHING
            """, digest.hex, String(decoding: manifest.canonicalBytes, as: UTF8.self), manifest.rawBytes, now)
        guard connection.changes > 0 else { return }
        let id = Int(connection.lastInsertedRow)
        for shard in Set(manifest.shards.map(\.digest)) {
            try connection.execute(
                "INSERT INTO datasync_names (shard, manifest) VALUES (?, ?)", LeafKey(shard).bytes, id)
        }
    }

    /// Holds a manifest for somebody; then it is no part of the cache.
    func hold(_ digest: Digest, for owner: String) throws {
        if !owner.hasPrefix(CacheTable.prefix) {
            try connection.execute(
                "DELETE FROM datasync_references WHERE manifest = ? AND owner >= 'cache/' AND owner < 'cache0'",
                digest.hex)
        }
        try connection.execute(
            "INSERT INTO datasync_references (owner, manifest) VALUES (?, ?) ON CONFLICT DO NOTHING", owner, digest.hex)
    }

    /// - Returns: whether the manifest is still here.
    func setComplete(_ digest: Digest, _ isComplete: Bool) throws -> Bool {
        try connection.execute("UPDATE datasync_manifests SET is_complete = ? WHERE digest = ?", isComplete, digest.hex)
        let isHere = connection.changes > 0
        if isComplete { try connection.execute("DELETE FROM datasync_damaged WHERE manifest = ?", digest.hex) }
        return isHere
    }

    /// A shard was found damaged: what names it is not complete any more.
    func setIncomplete(naming shard: LeafKey) throws {
        try connection.execute(
            """
            INSERT INTO datasync_damaged (manifest, found)
            SELECT digest, (SELECT coalesce(max(found), 0) + 1 FROM datasync_damaged) FROM datasync_manifests
            WHERE is_complete AND id IN (SELECT manifest FROM datasync_names WHERE shard = ?)
            ON CONFLICT DO NOTHING
            """, shard.bytes)
        try connection.execute(
            """
            UPDATE datasync_manifests SET is_complete = 0
            WHERE id IN (SELECT manifest FROM datasync_names WHERE shard = ?)
            """, shard.bytes)
    }

    func references(prefix: String) throws -> [String] {
        try connection.query(
            """
            SELECT DISTINCT owner FROM datasync_references
            WHERE owner >= ?1 AND substr(owner, 1, length(?1)) = ?1 ORDER BY owner
            """, prefix
        ) { try $0.string(0) }
    }

    /// Drops every reference that begins with `prefix`, and the manifests that nobody refers to any more.
    /// - Returns: the number of references dropped, and the shards that no manifest names any more and that may go.
    func release(prefix: String) throws -> (references: Int, shards: [Digest]) {
        try connection.execute(
            "DELETE FROM datasync_references WHERE owner >= ?1 AND substr(owner, 1, length(?1)) = ?1", prefix)
        let references = connection.changes
        return (references, try dropUnreferenced())
    }

    /// Drops the manifests that nobody refers to.
    /// - Returns: the shards that no manifest names any more and that may go.
    func dropUnreferenced() throws -> [Digest] {
        let condition = """
            NOT EXISTS (SELECT 1 FROM datasync_references r WHERE r.manifest = m.digest)
            """
        let shards = try connection.query(
            """
            SELECT DISTINCT n.shard FROM datasync_manifests m JOIN datasync_names n ON n.manifest = m.id
            WHERE \(condition)
            """
        ) { try $0.withBlob(0) { LeafKey(bytes: $0) } }
        try connection.execute(
            """
            DELETE FROM datasync_transfers WHERE manifest IN (SELECT m.digest FROM datasync_manifests m WHERE \(condition))
            """)
        try connection.execute("DELETE FROM datasync_manifests AS m WHERE \(condition)")
        return try shards.filter { try !isNamed($0) }.map(\.digest)
    }

    /// Whether a manifest names the shard.
    func isNamed(_ shard: LeafKey) throws -> Bool {
        try connection.first("SELECT 1 FROM datasync_names WHERE shard = ? LIMIT 1", shard.bytes) { _ in true } ?? false
    }

    /// Whether every shard of a manifest is here.
    /// - Throws: `invalid-manifest` when it says of one what is not so.
    func holdsShards(of manifest: Manifest) throws -> Bool {
        let index = ShardIndex(connection: connection)
        var checked: Set<Digest> = []
        for shard in manifest.shards where checked.insert(shard.digest).inserted {
            guard let list = try index.list(LeafKey(shard.digest)) else { return false }
            guard list.size == shard.size, list.leaves.count == shard.leaves else {
                throw DataSyncError(
                    .invalidManifest,
                    "it says that shard \(shard.digest) has \(shard.size) bytes in \(shard.leaves) leaves, but it has "
                        + "\(list.size) in \(list.leaves.count)")
            }
        }
        return true
    }

    // MARK: Transfers

    func transferState(_ manifest: Digest) throws -> TransferState? {
        let text = try connection.first("SELECT state FROM datasync_transfers WHERE manifest = ?", manifest.hex) {
            try $0.string(0)
        }
        return text.flatMap(TransferState.init(rawValue:))
    }

    /// Moves a transfer on; a new one begins as `wanted`.
    /// - Throws: `StoreError` `sql` for a step that `TransferState` does not know.
    func setTransfer(_ manifest: Digest, _ state: TransferState, from source: PeerID, now: Timestamp) throws {
        let old = try transferState(manifest)
        guard old.map({ $0.canBecome(state) }) ?? true else {
            throw StoreError(
                .sql, "a transfer cannot go from \(old?.rawValue ?? "nothing") to \(state.rawValue)")
        }
        try connection.execute(
            """
            INSERT INTO datasync_transfers (manifest, source, state, attempts, updated) VALUES (?, ?, ?, 0, ?)
            ON CONFLICT (manifest) DO UPDATE SET
                source = excluded.source, state = excluded.state, updated = excluded.updated, failure = NULL
            """, manifest.hex, source.text, state.rawValue, now)
    }

    func noteFailure(_ manifest: Digest, _ failure: String, now: Timestamp) throws {
        try connection.execute(
            "UPDATE datasync_transfers SET attempts = attempts + 1, failure = ?, updated = ? WHERE manifest = ?",
            failure, now, manifest.hex)
    }

    /// Forgets transfers of which not even the manifest came; whoever wants one asks again.
    func forgetWanted(_ manifest: Digest? = nil) throws {
        try connection.execute(
            "DELETE FROM datasync_transfers WHERE state = ? AND (?2 IS NULL OR manifest = ?2)",
            TransferState.wanted.rawValue, manifest?.hex)
    }
}
