import Contracts
import Core
import Store

/// What each edge told of the data sets that it has, at the core; inside one transaction.
struct EdgeCatalogue {
    let connection: Connection

    /// Data sets of one edge that are remembered.
    static let maximumDatasets = 100_000

    /// The state that an edge told last.
    func revision(of edge: Name) throws -> String? {
        try connection.first("SELECT revision FROM datasync_edges WHERE edge = ?", edge) { try $0.string(0) }
    }

    /// Takes a change, if it begins at the state that is known.
    /// - Returns: the state that is known then.
    /// - Throws: `too-large` for an edge that tells of too many data sets.
    func apply(_ announcement: CatalogueAnnouncement, of edge: Name, now: Timestamp) throws -> String? {
        let known = try revision(of: edge)
        if let base = announcement.base {
            guard base == known else { return known }
        } else {
            try connection.execute("DELETE FROM datasync_edge_datasets WHERE edge = ?", edge)
        }
        for name in announcement.removed {
            try connection.execute(
                "DELETE FROM datasync_edge_datasets WHERE edge = ? AND dataset = ?", edge, name.description)
        }
        for entry in announcement.changed {
            try connection.execute(
                """
                INSERT INTO datasync_edge_datasets (edge, dataset, entry) VALUES (?, ?, ?)
                ON CONFLICT DO UPDATE SET entry = excluded.entry
                """, edge, entry.dataset.description, try connection.json(entry))
        }
        let count = try connection.first("SELECT count(*) FROM datasync_edge_datasets WHERE edge = ?", edge) {
            try $0.int(0)
        }
        guard count ?? 0 <= Self.maximumDatasets else {
            throw DataSyncError(
                .tooLarge, "'\(edge)' tells of more than \(Self.maximumDatasets) data sets; the core remembers no more")
        }
        try connection.execute(
            """
            INSERT INTO datasync_edges (edge, revision, told) VALUES (?, ?, ?)
            ON CONFLICT DO UPDATE SET revision = excluded.revision, told = excluded.told
            """, edge, announcement.revision, now)
        return announcement.revision
    }

    /// What the edges told, or one of them, by data set and edge.
    func entries(of edge: Name? = nil) throws -> [CatalogueEntry] {
        let entries: [CatalogueEntry] = try connection.query(
            """
            SELECT d.entry, d.edge, e.told FROM datasync_edge_datasets d JOIN datasync_edges e ON e.edge = d.edge
            WHERE ?1 IS NULL OR d.edge = ?1 ORDER BY d.edge
            """, edge?.text
        ) { row in
            var entry: CatalogueEntry = try row.json(0)
            entry.edge = try Name(try row.string(1))
            entry.told = try row.timestamp(2)
            return entry
        }
        return entries.sorted { ($0.dataset, $0.edge?.text ?? "") < ($1.dataset, $1.edge?.text ?? "") }
    }
}
