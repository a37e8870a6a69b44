import Contracts
import Store

extension Catalogue {
    /// Manifests that were whole until a shard was found damaged, and are not whole again, in the order of the finds.
    func damaged() throws -> [Digest] {
        try connection.query("SELECT manifest FROM datasync_damaged ORDER BY found, manifest") { try $0.string(0) }
            .compactMap(Digest.init(hex:))
    }

    /// One of the references that hold a manifest, one that says what it is before one that does not.
    func holder(of digest: Digest) throws -> (owner: String, tags: TransferTags?)? {
        try connection.first(
            """
            SELECT r.owner, t.tags FROM datasync_references r
            LEFT JOIN datasync_tags t ON t.owner = r.owner AND t.manifest = r.manifest
            WHERE r.manifest = ? ORDER BY t.tags IS NULL, r.owner LIMIT 1
            """, digest.hex
        ) { (try $0.string(0), try $0.optionalJSON(1)) }
    }

    /// Where a manifest was fetched from; `nil` when it was made here.
    func source(of digest: Digest) throws -> PeerID? {
        try connection.first("SELECT source FROM datasync_transfers WHERE manifest = ?", digest.hex) {
            PeerID(try $0.string(0))
        }
    }

    func scrubRecord() throws -> ScrubRecord? {
        try connection.first("SELECT record FROM datasync_scrub") { try $0.json(0) }
    }

    func setScrub(_ record: ScrubRecord) throws {
        try connection.execute(
            "INSERT INTO datasync_scrub (id, record) VALUES (1, ?) ON CONFLICT (id) DO UPDATE SET record = excluded.record",
            try connection.json(record))
    }
}
