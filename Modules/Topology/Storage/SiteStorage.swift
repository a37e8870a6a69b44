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
                try JSONDecoder().decode(Site.self, from: Data(row.blob(0)))
            }
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
