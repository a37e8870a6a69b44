import Contracts
import Core
import FoundationEssentials
public import Store

extension MigrationSet {
    /// The tables of `Placement`: what jobs hold.
    public static let placementReservations = MigrationSet(
        module: "placement-reservations",
        migrations: [
            Migration(
                1,
                """
                CREATE TABLE placement_reservations (job TEXT PRIMARY KEY, document BLOB NOT NULL) STRICT;
                """)
        ])
}

/// Reservations as rows, one JSON document each: a core that is killed between reserving and starting finds them again.
struct ReservationStorage: Sendable {
    let database: Database

    func load() async throws -> [Reservation] {
        try await database.read { connection in
            try connection.query("SELECT document FROM placement_reservations ORDER BY job") { row in
                do { return try JSONDecoder().decode(Reservation.self, from: Data(row.blob(0))) } catch {
                    throw PlacementError(
                        .corrupt, "the database holds a reservation that cannot be read (\(error)); restore a backup")
                }
            }
        }
    }

    /// Stores what jobs hold, or that they hold nothing; all of it or nothing.
    func save(_ jobs: [(uid: String, held: Reservation?)]) async throws {
        let rows = try jobs.map { ($0.uid, try $0.held.map { try [UInt8](JSONEncoder().encode($0)) }) }
        try await database.write { connection in
            for (uid, document) in rows {
                guard let document else {
                    try connection.execute("DELETE FROM placement_reservations WHERE job = ?", uid)
                    continue
                }
                try connection.execute(
                    "INSERT INTO placement_reservations (job, document) VALUES (?, ?) "
                        + "ON CONFLICT (job) DO UPDATE SET document = excluded.document", uid, document)
            }
        }
    }
}
