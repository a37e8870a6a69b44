import Contracts
import Core
import Store

/// What an edge trained, so that a restart repeats neither the work nor, wrongly, the delivery.
struct UpdateStorage: Sendable {
    let database: Database

    /// The update trained from the model `base`, if there is one.
    func notice(for reference: RoundReference, base: Digest) async throws -> UpdateNotice? {
        try await database.read { connection in
            try connection.first(
                "SELECT notice FROM fedlearn_updates WHERE job = ? AND round = ? AND base = ?", reference.jobUID,
                reference.round, base.hex
            ) { try decode($0.blob(0)) }
        }
    }

    func save(_ notice: UpdateNotice, base: Digest) async throws {
        let bytes = try encode(notice)
        try await database.write { connection in
            try connection.execute(
                "INSERT INTO fedlearn_updates (job, round, base, notice) VALUES (?, ?, ?, ?) "
                    + "ON CONFLICT (job, round) DO UPDATE SET base = excluded.base, notice = excluded.notice",
                notice.reference.jobUID, notice.reference.round, base.hex, bytes)
        }
    }

    /// The newest update of every job that is not known to be over.
    func notices() async throws -> [UpdateNotice] {
        try await database.read { connection in
            try connection.query("SELECT notice, max(round) FROM fedlearn_updates GROUP BY job ORDER BY job") {
                try decode($0.blob(0))
            }
        }
    }

    /// Forgets the rounds of a job before `round`, or all of them.
    func forget(job uid: String, before round: Int = .max) async throws {
        try await database.write { connection in
            try connection.execute("DELETE FROM fedlearn_updates WHERE job = ? AND round < ?", uid, round)
        }
    }
}
