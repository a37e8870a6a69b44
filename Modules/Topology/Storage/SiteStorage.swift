import Contracts
import Core
import FoundationEssentials
import Store

/// The sites that ever joined, one JSON document each, so that the core knows after a restart whom to expect.
struct SiteStorage: Sendable {
    let database: Database

    func load() async throws -> [Site] {
        try await database.read { connection in
            try connection.query(
                "SELECT document, since, draining, seen FROM topology_sites LEFT JOIN topology_cordons USING (name) "
                    + "LEFT JOIN topology_seen USING (name) ORDER BY name"
            ) { row in
                var site: Site
                do { site = try JSONDecoder().decode(Site.self, from: Data(row.blob(0))) } catch {
                    throw TopologyError(
                        "corrupt", "the database holds an edge that cannot be read; restore a backup", cause: error)
                }
                site.cordon = try row.optionalTimestamp(1).map { since in
                    Cordon(since: since, isDraining: try row.bool(2))
                }
                site.lastSeen = try row.optionalTimestamp(3) ?? site.lastSeen
                return site
            }
        }
    }

    /// Kept apart from the document, which reports of the edge itself replace at any time.
    func save(_ cordon: Cordon?, of name: Name) async throws {
        try await database.write { connection in
            guard let cordon else {
                return try connection.execute("DELETE FROM topology_cordons WHERE name = ?", name.text)
            }
            try connection.execute(
                "INSERT INTO topology_cordons (name, since, draining) VALUES (?, ?, ?) "
                    + "ON CONFLICT (name) DO UPDATE SET since = excluded.since, draining = excluded.draining",
                name.text, cordon.since.milliseconds, cordon.isDraining ? 1 : 0)
        }
    }

    func delete(_ name: Name) async throws {
        try await database.write { connection in
            for table in ["topology_sites", "topology_cordons", "topology_seen"] {
                try connection.execute("DELETE FROM \(table) WHERE name = ?", name.text)
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
            try Self.save(site.lastSeen, of: site.name, connection)
        }
    }

    /// Kept apart from the documents: reports come every second, and a document may be large.
    func save(seen: [Name: Timestamp]) async throws {
        if seen.isEmpty { return }
        try await database.write { connection in
            for (name, time) in seen { try Self.save(time, of: name, connection) }
        }
    }

    private static func save(_ seen: Timestamp, of name: Name, _ connection: Connection) throws {
        // One that was deleted meanwhile stays deleted.
        try connection.execute(
            "INSERT INTO topology_seen (name, seen) SELECT name, ? FROM topology_sites WHERE name = ? "
                + "ON CONFLICT (name) DO UPDATE SET seen = excluded.seen", seen.milliseconds, name.text)
    }
}
