import Contracts
import Core
import FoundationEssentials
import Store

/// The coordinator's tables as typed operations; each is one transaction.
struct JobStorage: Sendable {
    let database: Database

    /// Every job by name, with as much of its rounds as is kept in memory.
    func loadJobs() async throws -> [Job] { try await jobs(where: "1", []) }

    private func jobs(where condition: String, _ values: [String]) async throws -> [Job] {
        try await database.read { connection in
            let jobs = try connection.query(
                "SELECT uid, created, document, header FROM fedlearn_jobs WHERE \(condition) ORDER BY name",
                values: values
            ) { row in
                Job(
                    uid: try row.string(0), created: Timestamp(milliseconds: try row.int64(1)),
                    document: try decode(row.blob(2)), header: try decode(row.blob(3)), rounds: [])
            }
            return try jobs.map { job in
                var job = job
                job.rounds = try connection.roundHistory(of: job.uid)
                return job
            }
        }
    }

    /// One job as it is stored; `nil` when it was deleted.
    func job(_ uid: String) async throws -> Job? { try await jobs(where: "uid = ?", [uid]).first }

    /// Stores a new job.
    /// - Throws: `FedLearnError` `conflict` when its group and project belong to another job.
    func insert(_ job: Job) async throws {
        let (document, header) = (try encode(job.document), try encode(job.header))
        try await database.write { connection in
            let owner = try connection.first("SELECT name FROM fedlearn_jobs WHERE path = ?", job.path.description) {
                try $0.string(0)
            }
            if let owner {
                throw FedLearnError(
                    "conflict",
                    "the models of \(job.path) belong to job '\(owner)'; give '\(job.name)' another project, or delete "
                        + "job '\(owner)'")
            }
            try connection.execute(
                "INSERT INTO fedlearn_jobs (uid, name, path, created, document, header) VALUES (?, ?, ?, ?, ?, ?)",
                job.uid, job.name.text, job.path.description, job.created.milliseconds, document, header)
        }
    }

    func update(_ document: TrainingJobDocument, of uid: String) async throws {
        let bytes = try encode(document)
        try await database.write { connection in
            try connection.execute("UPDATE fedlearn_jobs SET document = ? WHERE uid = ?", bytes, uid)
        }
    }

    func update(_ header: JobHeader, of uid: String) async throws {
        let bytes = try encode(header)
        try await database.write { connection in
            try connection.execute("UPDATE fedlearn_jobs SET header = ? WHERE uid = ?", bytes, uid)
        }
    }

    func delete(_ uid: String) async throws {
        try await database.write { connection in
            try connection.execute("DELETE FROM fedlearn_jobs WHERE uid = ?", uid)
        }
    }

    // MARK: - Rounds

    func openRound(of uid: String) async throws -> OpenRound? {
        try await database.read { connection in
            try connection.first(
                "SELECT round, state, participants, base, started FROM fedlearn_rounds "
                    + "WHERE job = ? AND state != 'committed' ORDER BY round LIMIT 1", uid
            ) { row in
                OpenRound(
                    round: try row.int(0), isAggregating: try row.string(1) == "aggregating",
                    participants: try decode(row.blob(2)), base: try digest(row.string(3)),
                    started: Timestamp(milliseconds: try row.int64(4)))
            }
        }
    }

    /// Opens a round, or opens it again with other participants; what was already counted stays counted.
    func begin(_ round: OpenRound, of job: Job) async throws {
        let (participants, header) = (try encode(round.participants), try encode(job.header))
        try await database.write { connection in
            try connection.execute(
                "INSERT INTO fedlearn_rounds (job, round, state, participants, base, started) "
                    + "VALUES (?, ?, 'training', ?, ?, ?) "
                    + "ON CONFLICT (job, round) DO UPDATE SET participants = excluded.participants",
                job.uid, round.round, participants, round.base.hex, round.started.milliseconds)
            try connection.execute("UPDATE fedlearn_jobs SET header = ? WHERE uid = ?", header, job.uid)
        }
    }

    /// Counts an update, once, while its round is open.
    /// - Returns: false when the round is not open any more.
    func count(_ update: CountedUpdate, in reference: RoundReference) async throws -> Bool {
        try await database.write { connection in
            let state = try connection.first(
                "SELECT state FROM fedlearn_rounds WHERE job = ? AND round = ?", reference.jobUID, reference.round
            ) { try $0.string(0) }
            guard state == "training" else { return false }
            try connection.execute(
                "INSERT INTO fedlearn_contributions (job, round, edge, manifest, samples, loss, bytes, fetched_bytes, "
                    + "train_seconds, total_seconds, steps, base_loss, mean_return, episodes) "
                    + "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) "
                    + "ON CONFLICT DO NOTHING",
                reference.jobUID, reference.round, update.edge.text, update.manifest.hex, update.samples, update.loss,
                update.bytes, update.fetchedBytes, update.trainSeconds, update.totalSeconds, update.steps,
                update.baseLoss, update.meanReturn, update.episodes)
            return true
        }
    }

    /// Takes back updates that cannot be combined with the others, with reasons, and opens their round again when too few are left.
    func discard(_ reasons: [Name: String], in reference: RoundReference, reopening: Bool) async throws {
        try await database.write { connection in
            for edge in reasons.keys {
                try connection.execute(
                    "DELETE FROM fedlearn_contributions WHERE job = ? AND round = ? AND edge = ?", reference.jobUID,
                    reference.round, edge.text)
            }
            try connection.store(absences: reasons, in: reference)
            guard reopening else { return }
            try connection.execute(
                "UPDATE fedlearn_rounds SET state = 'training' WHERE job = ? AND round = ?", reference.jobUID,
                reference.round)
        }
    }

    func updates(in reference: RoundReference) async throws -> [CountedUpdate] {
        try await database.read { connection in
            try connection.query(
                "SELECT edge, manifest, samples, loss, bytes, fetched_bytes, train_seconds, total_seconds, steps, "
                    + "base_loss, mean_return, episodes FROM fedlearn_contributions WHERE job = ? AND round = ? ORDER BY edge",
                reference.jobUID,
                reference.round
            ) { row in
                CountedUpdate(
                    edge: try Name(row.string(0)), manifest: try digest(row.string(1)), samples: try row.int(2),
                    loss: try row.double(3), bytes: try row.int(4), fetchedBytes: try row.int(5),
                    trainSeconds: try row.double(6), totalSeconds: try row.double(7), steps: try row.int(8),
                    baseLoss: try row.optionalDouble(9), meanReturn: try row.optionalDouble(10),
                    episodes: try row.optionalInt(11))
            }
        }
    }

    /// The last committed round to which each edge contributed.
    func lastContributions(to uid: String) async throws -> [Name: Int] {
        try await database.read { connection in
            let rows = try connection.query(
                """
                SELECT contribution.edge, max(contribution.round) FROM fedlearn_contributions AS contribution
                JOIN fedlearn_rounds AS round ON round.job = contribution.job AND round.round = contribution.round
                WHERE contribution.job = ? AND round.state = 'committed' GROUP BY contribution.edge
                """, uid
            ) { (try Name($0.string(0)), try $0.int(1)) }
            return Dictionary(rows) { _, last in last }
        }
    }

    /// Freezes the set of updates: from here on the round can only be aggregated.
    /// - Parameter absences: why edges that were asked are not among them.
    func close(_ reference: RoundReference, absences: [Name: String]) async throws {
        try await database.write { connection in
            try connection.store(absences: absences, in: reference)
            try connection.execute(
                "UPDATE fedlearn_rounds SET state = 'aggregating' WHERE job = ? AND round = ? AND state = 'training'",
                reference.jobUID, reference.round)
        }
    }

    /// Why edges are not in a round, as far as that is stored.
    func absences(in reference: RoundReference) async throws -> [Name: String] {
        try await database.read { connection in
            let rows = try connection.query(
                "SELECT edge, reason FROM fedlearn_absences WHERE job = ? AND round = ?", reference.jobUID,
                reference.round
            ) { (try Name($0.string(0)), try $0.string(1)) }
            return Dictionary(rows) { _, last in last }
        }
    }

    /// The round's model exists and is durable.
    func commit(_ summary: RoundSummary, of job: Job) async throws {
        let (summaryBytes, header) = (try encode(summary), try encode(job.header))
        try await database.write { connection in
            try connection.execute(
                "UPDATE fedlearn_rounds SET state = 'committed', summary = ? WHERE job = ? AND round = ?",
                summaryBytes, job.uid, summary.round)
            try connection.execute("UPDATE fedlearn_jobs SET header = ? WHERE uid = ?", header, job.uid)
        }
    }
}

/// A round that is not committed yet.
struct OpenRound: Sendable {
    var round: Int
    /// Its updates are frozen.
    var isAggregating = false
    var participants: [Name]
    /// The manifest of the model it starts from.
    var base: Digest
    var started: Timestamp
}

/// An update the core holds durably and will average.
struct CountedUpdate: Sendable, Hashable {
    var edge: Name
    var manifest: Digest
    var samples: Int
    var loss: Double
    /// Bytes that moved from the edge.
    var bytes: Int
    /// Bytes that had moved to the edge.
    var fetchedBytes: Int
    /// Training alone, and from the opening of the round until the update was counted; 0 when not known.
    var trainSeconds: Double
    var totalSeconds: Double
    /// Steps of the client's optimiser.
    var steps: Int
    /// The loss of the round's first model over the client's data, where the strategy asks for it.
    var baseLoss: Double?
    /// Of an edge that acted: the mean sum of rewards of the episodes that ended there, and how many they were.
    var meanReturn: Double?
    var episodes: Int?
}

extension Connection {
    fileprivate func store(absences: [Name: String], in reference: RoundReference) throws {
        for (edge, reason) in absences {
            try execute(
                "INSERT INTO fedlearn_absences (job, round, edge, reason) VALUES (?, ?, ?, ?) "
                    + "ON CONFLICT (job, round, edge) DO UPDATE SET reason = excluded.reason", reference.jobUID,
                reference.round, edge.text, reason)
        }
    }
}

func encode(_ value: some Encodable) throws -> [UInt8] { try [UInt8](JSONEncoder().encode(value)) }

func decode<Value: Decodable>(_ bytes: [UInt8]) throws -> Value {
    do { return try JSONDecoder().decode(Value.self, from: Data(bytes)) } catch {
        throw FedLearnError(
            "corrupt", "the database holds a \(Value.self) that cannot be read; restore a backup", cause: error)
    }
}

func digest(_ hex: String) throws -> Digest {
    guard let digest = Digest(hex: hex) else {
        throw FedLearnError(
            "corrupt", "the database holds '\(hex.prefix(80))' where a digest belongs; restore a backup")
    }
    return digest
}
