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

    /// - Parameter personal: the manifest of what the edge keeps of the trained model to itself.
    func save(_ notice: UpdateNotice, base: Digest, personal: Digest? = nil) async throws {
        let bytes = try encode(notice)
        try await database.write { connection in
            if let personal {
                try connection.execute(
                    "INSERT INTO fedlearn_personal (job, round, manifest) VALUES (?, ?, ?) "
                        + "ON CONFLICT (job, round) DO UPDATE SET manifest = excluded.manifest",
                    notice.reference.jobUID, notice.reference.round, personal.hex)
            }
            try connection.execute(
                "INSERT INTO fedlearn_updates (job, round, base, notice) VALUES (?, ?, ?, ?) "
                    + "ON CONFLICT (job, round) DO UPDATE SET base = excluded.base, notice = excluded.notice",
                notice.reference.jobUID, notice.reference.round, base.hex, bytes)
        }
    }

    /// What an edge kept to itself in an earlier round, and that round.
    /// - Parameter counted: of which; the newest before this one when left out.
    func personal(
        for reference: RoundReference, at counted: Int? = nil
    ) async throws -> (round: Int, manifest: Digest)? {
        try await database.read { connection in
            try connection.first(
                "SELECT round, manifest FROM fedlearn_personal WHERE job = ? AND round < ? AND round = ifnull(?, round) "
                    + "ORDER BY round DESC", reference.jobUID, reference.round, counted
            ) { (try $0.int(0), try digest($0.string(1))) }
        }
    }

    /// Forgets what an edge kept to itself, but for two rounds.
    func forgetPersonal(job uid: String, but rounds: [Int] = []) async throws {
        let (first, last) = (rounds.first ?? -1, rounds.last ?? -1)
        try await database.write { connection in
            try connection.execute(
                "DELETE FROM fedlearn_personal WHERE job = ? AND round NOT IN (?, ?)", uid, first, last)
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
