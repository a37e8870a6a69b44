import Contracts
import Core
import FoundationEssentials
import Store

/// What was measured of each link, one JSON document each, so that it is known, with its age, after a restart.
struct LinkStorage: Sendable {
    let database: Database

    func load() async throws -> [LinkTable.Key: LinkEstimator] {
        let rows = try await database.read { connection in
            try connection.query("SELECT origin, target, document FROM topology_links") { row in
                let key = LinkTable.Key(from: PeerID(try row.string(0)), to: PeerID(try row.string(1)))
                do {
                    return (key, try JSONDecoder().decode(LinkEstimator.self, from: Data(row.blob(2))))
                } catch {
                    throw TopologyError(
                        "corrupt",
                        "the database holds a link from '\(key.from)' to '\(key.to)' that cannot be read; restore a backup",
                        cause: error)
                }
            }
        }
        return Dictionary(rows) { first, _ in first }
    }

    /// Writes links, and takes away those that are `nil`, in one transaction.
    func save(_ links: [(key: LinkTable.Key, link: LinkEstimator?)]) async throws {
        let encoder = JSONEncoder()
        let rows = try links.map { item in
            (key: item.key, document: try item.link.map { [UInt8](try encoder.encode($0)) })
        }
        try await database.write { connection in
            for row in rows {
                guard let document = row.document else {
                    try connection.execute(
                        "DELETE FROM topology_links WHERE origin = ? AND target = ?", row.key.from.text, row.key.to.text
                    )
                    continue
                }
                try connection.execute(
                    "INSERT INTO topology_links (origin, target, document) VALUES (?, ?, ?) "
                        + "ON CONFLICT (origin, target) DO UPDATE SET document = excluded.document",
                    row.key.from.text, row.key.to.text, document)
            }
        }
    }
}
