import Contracts
import Core
import Store

/// The rules' tables as typed operations; each is one transaction.
struct SyncPolicyStorage: Sendable {
    let database: Database

    /// A document as it is kept.
    struct Stored<Document: Codable & Sendable & Equatable>: Sendable, Equatable {
        var uid: String
        var created: Timestamp
        var document: Document
    }

    func load<Document: Codable & Sendable>(
        _ kind: ResourceKind, as type: Document.Type = Document.self
    ) async throws -> [Stored<Document>] {
        try await database.read { connection in
            try connection.query(
                "SELECT uid, created, document FROM syncpolicy_documents WHERE kind = ? ORDER BY name", kind.rawValue
            ) { row in
                Stored(uid: try row.string(0), created: try row.timestamp(1), document: try row.json(2))
            }
        }
    }

    /// Keeps a document, in the place of one of its name, and counts the revision up.
    func save<Document: Codable & Sendable>(
        _ kind: ResourceKind, _ name: String, _ stored: Stored<Document>
    ) async throws -> PolicyRevision {
        try await database.write { connection in
            try connection.execute(
                """
                INSERT INTO syncpolicy_documents (kind, name, uid, created, document) VALUES (?, ?, ?, ?, ?)
                ON CONFLICT (kind, name) DO UPDATE SET document = excluded.document
                """, kind.rawValue, name, stored.uid, stored.created, try connection.json(stored.document))
            return try Self.advance(connection)
        }
    }

    func delete(_ kind: ResourceKind, _ name: String) async throws -> PolicyRevision {
        try await database.write { connection in
            try connection.execute(
                "DELETE FROM syncpolicy_documents WHERE kind = ? AND name = ?", kind.rawValue, name)
            return try Self.advance(connection)
        }
    }

    // MARK: Revisions

    /// The revision of the documents; made on the first call.
    func revision() async throws -> PolicyRevision {
        if let known = try await database.read({ try Self.revision($0) }) { return known }
        return try await database.write { try Self.advance($0) }
    }

    private static func revision(_ connection: Connection) throws -> PolicyRevision? {
        try connection.first("SELECT origin, number FROM syncpolicy_revision") { row in
            PolicyRevision(origin: try row.string(0), number: try row.int(1))
        }
    }

    private static func advance(_ connection: Connection) throws -> PolicyRevision {
        let old = try revision(connection)
        let new = PolicyRevision(origin: old?.origin ?? TraceID.random().description, number: (old?.number ?? 0) + 1)
        try connection.execute(
            "INSERT INTO syncpolicy_revision (id, origin, number) VALUES (1, ?, ?) "
                + "ON CONFLICT (id) DO UPDATE SET origin = excluded.origin, number = excluded.number",
            new.origin, new.number)
        return new
    }

    /// What the core told an edge last.
    func told() async throws -> (revision: PolicyRevision, set: PolicySet)? {
        try await database.read { connection in
            let row = try connection.first("SELECT origin, number, told FROM syncpolicy_revision") { row in
                (
                    PolicyRevision(origin: try row.string(0), number: try row.int(1)),
                    try row.optionalJSON(2, as: PolicySet.self)
                )
            }
            return row.flatMap { row in row.1.map { (row.0, $0) } }
        }
    }

    func remember(_ revision: PolicyRevision, _ set: PolicySet) async throws {
        try await database.write { connection in
            try connection.execute(
                "INSERT OR REPLACE INTO syncpolicy_revision (id, origin, number, told) VALUES (1, ?, ?, ?)",
                revision.origin, revision.number, try connection.json(set))
        }
    }

    // MARK: Flows

    /// The most flows that are remembered; the ones that moved longest ago are forgotten first.
    static let maximumFlows = 4096

    func flows() async throws -> [String: SyncFlow] {
        try await database.read { connection in
            let rows = try connection.query(
                "SELECT flow, manifest, since, previous, last, is_allowed FROM syncpolicy_flows"
            ) { row in
                (
                    try row.string(0),
                    SyncFlow(
                        manifest: try row.string(1), since: try row.timestamp(2),
                        previous: try row.optionalTimestamp(3),
                        last: try row.optionalTimestamp(4), isAllowed: try row.bool(5))
                )
            }
            return Dictionary(rows) { $1 }
        }
    }

    func save(_ flow: SyncFlow, of key: String) async throws {
        try await database.write { connection in
            try connection.execute(
                """
                INSERT OR REPLACE INTO syncpolicy_flows (flow, manifest, since, previous, last, is_allowed)
                VALUES (?, ?, ?, ?, ?, ?)
                """, key, flow.manifest, flow.since, flow.previous, flow.last, flow.isAllowed)
            try connection.execute(
                """
                DELETE FROM syncpolicy_flows WHERE flow IN (
                    SELECT flow FROM syncpolicy_flows ORDER BY COALESCE(last, since) DESC LIMIT -1 OFFSET ?)
                """, Self.maximumFlows)
        }
    }
}
