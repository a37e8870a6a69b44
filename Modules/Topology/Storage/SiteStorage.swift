import Contracts
import Core
import FoundationEssentials
import Store

/// The sites that ever joined, one JSON document each, so that the core knows after a restart whom to expect.
struct SiteStorage: Sendable {
    let database: Database

    func load() async throws -> [Site] {
        try await database.read { connection in
            try connection.query("SELECT document FROM topology_sites ORDER BY name") { row in
                do { return try JSONDecoder().decode(Site.self, from: Data(row.blob(0))) } catch {
                    throw TopologyError(
                        "corrupt", "the database holds an edge that cannot be read; restore a backup", cause: error)
                }
            }
        }
    }

    func delete(_ name: Name) async throws {
        try await database.write { connection in
            try connection.execute("DELETE FROM topology_sites WHERE name = ?", name.text)
        }
    }

    func save(_ site: Site) async throws {
        let document = try [UInt8](JSONEncoder().encode(site))
        try await database.write { connection in
            try connection.execute(
                "INSERT INTO topology_sites (name, document) VALUES (?, ?) "
                    + "ON CONFLICT (name) DO UPDATE SET document = excluded.document",
                site.name.text, document)
        }
    }
}
