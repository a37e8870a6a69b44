import Contracts
import Store

extension Catalogue {
    /// Whether every shard of the manifest is here; `nil` when not even the manifest is.
    func isComplete(_ digest: Digest) throws -> Bool? {
        try connection.first("SELECT is_complete FROM datasync_manifests WHERE digest = ?", digest.hex) {
            try $0.bool(0)
        }
    }

    /// Manifests all of whose shards are here, newest first.
    func newestComplete(except digest: Digest, count: Int) throws -> [Digest] {
        try connection.query(
            """
            SELECT digest FROM datasync_manifests WHERE is_complete AND digest <> ? ORDER BY created DESC, id DESC LIMIT ?
            """, digest.hex, count
        ) { try $0.string(0) }.compactMap(Digest.init(hex:))
    }

    /// Says what a reference holds.
    func tag(_ digest: Digest, of owner: String, _ tags: TransferTags?) throws {
        guard let tags else { return }
        try connection.execute(
            "INSERT INTO datasync_tags (owner, manifest, tags) VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET tags = excluded.tags",
            owner, digest.hex, try connection.json(tags))
    }

    /// What the manifest is by the strictest of its references; `nil` when one of them does not say.
    func tags(of digest: Digest) throws -> TransferTags? {
        let all: [TransferTags?] = try connection.query(
            """
            SELECT t.tags FROM datasync_references r
            LEFT JOIN datasync_tags t ON t.owner = r.owner AND t.manifest = r.manifest
            WHERE r.manifest = ?
            """, digest.hex
        ) { try $0.optionalJSON(0) }
        return Self.strictest(all)
    }

    /// What each of the manifest's references says it is, each once; `nil` among them for one that does not say.
    func labels(of digest: Digest) throws -> Set<TransferTags?> {
        Set(
            try connection.query(
                """
                SELECT DISTINCT t.tags FROM datasync_references r
                LEFT JOIN datasync_tags t ON t.owner = r.owner AND t.manifest = r.manifest
                WHERE r.manifest = ?
                """, digest.hex
            ) { try $0.optionalJSON(0) })
    }

    private static func strictest(_ all: [TransferTags?]) -> TransferTags? {
        var strictest: TransferTags?
        for tags in all {
            guard let tags else { return nil }
            if strictest.map({ tags.strictness > $0.strictness }) ?? true { strictest = tags }
        }
        return strictest
    }
}

extension TransferTags {
    /// The larger, the less of it should move.
    fileprivate var strictness: Int {
        let order: [Artefact] = [.metrics, .model, .update, .gradient, .features, .trajectory, .rawData]
        return 2 * (order.firstIndex(of: artefact) ?? order.count) + (isAnonymised == true ? 0 : 1)
    }
}
