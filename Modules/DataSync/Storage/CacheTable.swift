import Contracts
import Core
import Store

/// What was fetched, what that cost, and what of it nobody needs any more and is kept as long as there is room; inside one
/// transaction.
///
/// A cached version is held by references that begin with `cache/`, which say what it was held as; a version that has any
/// other reference is no part of the cache.
struct CacheTable {
    let connection: Connection

    /// What cached versions are held by.
    static let prefix = "cache/"
    /// Versions that are cached at most, however small they are.
    static let maximumVersions = 1024

    /// A version that may be evicted.
    struct Entry: Sendable, Hashable {
        var manifest: Digest
        /// Raw; what it shares with others is counted with each.
        var bytes: Int
        var value: Double
    }

    // MARK: Use

    /// Notes that something was wanted that came, now or earlier, from elsewhere.
    func use(_ manifest: Digest, bytes: Int, cost: Double, now: Timestamp) throws {
        let frequency = 1 + (try frequency(of: manifest) ?? 0)
        let value = CacheValue.value(age: try age(), frequency: frequency, cost: cost, bytes: bytes)
        try connection.execute(
            """
            INSERT INTO datasync_cache (manifest, bytes, cost, frequency, value, used) VALUES (?, ?, ?, ?, ?, ?)
            ON CONFLICT DO UPDATE SET bytes = excluded.bytes, cost = excluded.cost, frequency = excluded.frequency,
                value = excluded.value, used = excluded.used
            """, manifest.hex, bytes, cost, frequency, value, now)
    }

    /// Whether a version is here for nobody.
    func isCached(_ manifest: Digest) throws -> Bool {
        try connection.first("SELECT 1 FROM (\(Self.cached)) WHERE manifest = ?", manifest.hex) { _ in true } ?? false
    }

    /// How often a version that came from elsewhere was wanted; `nil` for one that did not.
    func frequency(of manifest: Digest) throws -> Int? {
        try connection.first("SELECT frequency FROM datasync_cache WHERE manifest = ?", manifest.hex) { try $0.int(0) }
    }

    // MARK: The cache

    /// Before references that begin with `prefix` are dropped: what would then be held by nobody, came from elsewhere, is whole,
    /// and is of a kind that is used again, is cached under the names that it has.
    ///
    /// Versions of data sets are not: whoever removes one wants it gone. Nor are updates and gradients, which are used once.
    /// - Returns: how many.
    func keep(released prefix: String) throws -> Int {
        guard !prefix.hasPrefix(Self.prefix) else { return 0 }
        let candidates = try connection.query(
            """
            SELECT DISTINCT r.manifest FROM datasync_references r
            JOIN datasync_cache c ON c.manifest = r.manifest
            JOIN datasync_manifests m ON m.digest = r.manifest
            WHERE r.owner >= ?1 AND substr(r.owner, 1, length(?1)) = ?1 AND m.is_complete
                AND NOT EXISTS (
                    SELECT 1 FROM datasync_references o
                    WHERE o.manifest = r.manifest AND substr(o.owner, 1, length(?1)) <> ?1)
            """, prefix
        ) { try $0.string(0) }
        var kept = 0
        for manifest in candidates {
            let owners: [(owner: String, tags: TransferTags?)] = try connection.query(
                """
                SELECT r.owner, t.tags FROM datasync_references r
                LEFT JOIN datasync_tags t ON t.owner = r.owner AND t.manifest = r.manifest WHERE r.manifest = ?
                """, manifest
            ) { (try $0.string(0), try $0.optionalJSON(1)) }
            guard owners.allSatisfy({ Self.isReusable($0.owner, $0.tags) }) else { continue }
            for (owner, tags) in owners {
                guard let tags, let digest = Digest(hex: manifest) else { continue }
                let catalogue = Catalogue(connection: connection)
                try catalogue.hold(digest, for: Self.prefix + owner)
                try catalogue.tag(digest, of: Self.prefix + owner, tags)
            }
            kept += 1
        }
        return kept
    }

    private static func isReusable(_ owner: String, _ tags: TransferTags?) -> Bool {
        guard let tags, !owner.hasPrefix(VersionTable.prefix) else { return false }
        switch tags.artefact {
        case .model, .features, .trajectory, .rawData: return true
        case .update, .gradient, .metrics: return false
        }
    }

    /// Versions that nobody needs, and their raw bytes.
    func usage() throws -> (versions: Int, bytes: Int) {
        try connection.first("SELECT count(*), coalesce(sum(bytes), 0) FROM (\(Self.cached))") {
            (try $0.int(0), try $0.int(1))
        } ?? (0, 0)
    }

    /// What may be evicted, the least valuable first.
    func entries(limit: Int) throws -> [Entry] {
        try connection.query(
            "SELECT manifest, bytes, value FROM (\(Self.cached)) ORDER BY value, used, manifest LIMIT ?", limit
        ) { row in
            guard let manifest = Digest(hex: try row.string(0)) else {
                throw StoreError(.corrupt, "a cached version has no name; restore a backup")
            }
            return Entry(manifest: manifest, bytes: try row.int(1), value: try row.double(2))
        }
    }

    /// Drops a version, if it is still one that nobody needs.
    /// - Returns: the shards that no manifest names any more; `nil` when somebody needs it.
    func evict(_ entry: Entry) throws -> [Digest]? {
        guard try isCached(entry.manifest) else { return nil }
        try connection.execute(
            """
            INSERT INTO datasync_cache_age (id, age) VALUES (1, ?)
            ON CONFLICT DO UPDATE SET age = max(age, excluded.age)
            """, entry.value)
        try connection.execute("DELETE FROM datasync_references WHERE manifest = ?", entry.manifest.hex)
        return try Catalogue(connection: connection).dropUnreferenced()
    }

    private func age() throws -> Double {
        try connection.first("SELECT age FROM datasync_cache_age") { try $0.double(0) } ?? 0
    }

    /// Versions all of whose references are the cache's.
    private static let cached = """
        SELECT c.manifest AS manifest, c.bytes AS bytes, c.value AS value, c.used AS used FROM datasync_cache c
        WHERE EXISTS (SELECT 1 FROM datasync_references r WHERE r.manifest = c.manifest)
            AND NOT EXISTS (
                SELECT 1 FROM datasync_references r
                WHERE r.manifest = c.manifest AND NOT (r.owner >= 'cache/' AND r.owner < 'cache0'))
        """
}
