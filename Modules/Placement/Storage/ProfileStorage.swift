package import Contracts
import Core
package import Store

/// The rounds that profiles are made of, and the scores of predictions, as the database keeps them.
///
/// Bounded: past `limit` rows of a kind, those of the oldest rounds go. A row that is not what this program writes is skipped
/// and counted when it is read; it ages out like the others.
package struct ProfileStorage: Sendable {
    /// A round, and the class of hardware it ran on.
    package struct Entry: Sendable, Hashable {
        package var record: RoundRecord
        package var hardware: String

        package init(record: RoundRecord, hardware: String) {
            self.record = record
            self.hardware = hardware
        }
    }

    package struct Contents: Sendable {
        package var entries: [Entry] = []
        package var scores: [PredictionScore] = []
        /// Rows that could not be read.
        package var skipped = 0
    }

    /// The longest document that is read, in bytes; what this program writes is far below.
    private static let maximumBytes = 8192

    private let database: Database
    private let limit: Int

    /// - Parameter limit: the most records, and the most scores, that are kept.
    package init(database: Database, limit: Int = 100_000) {
        self.database = database
        self.limit = max(1, limit)
    }

    /// Everything that is kept, oldest first.
    package func load() async throws -> Contents {
        try await database.read { connection in
            var contents = Contents()
            try connection.forEach(
                "SELECT hardware, CASE WHEN length(document) <= ? THEN document END FROM placement_records ORDER BY time",
                Self.maximumBytes
            ) { row in
                // `try?`: what cannot be read is counted, and the caller says so.
                guard let record = try? row.json(1, as: RoundRecord.self), record.flaw == nil,
                    let hardware = try? row.string(0)
                else {
                    contents.skipped += 1
                    return
                }
                contents.entries.append(Entry(record: record, hardware: hardware))
            }
            try connection.forEach(
                "SELECT CASE WHEN length(document) <= ? THEN document END FROM placement_scores ORDER BY time, id",
                Self.maximumBytes
            ) { row in
                // `try?`: as above.
                guard let score = try? row.json(0, as: PredictionScore.self), score.isSound else {
                    contents.skipped += 1
                    return
                }
                contents.scores.append(score)
            }
            return contents
        }
    }

    /// Keeps rounds and scores, in one transaction. A round that is kept already stays as it is.
    /// - Returns: the rounds that were new.
    @discardableResult
    package func save(_ entries: [Entry], scores: [PredictionScore] = []) async throws -> [Entry] {
        try await database.write { [limit] connection in
            var new: [Entry] = []
            for entry in entries where entry.record.flaw == nil {
                let record = entry.record
                try connection.execute(
                    "INSERT INTO placement_records (job, round, edge, time, hardware, document) VALUES (?, ?, ?, ?, ?, ?) "
                        + "ON CONFLICT DO NOTHING",
                    record.jobUID, record.round, record.edge.text, record.time, entry.hardware,
                    try connection.json(record))
                if connection.changes > 0 { new.append(entry) }
            }
            for score in scores where score.isSound {
                try connection.execute(
                    "INSERT INTO placement_scores (time, document) VALUES (?, ?)", score.time,
                    try connection.json(score))
            }
            for (table, order) in [("placement_records", "time, job, round, edge"), ("placement_scores", "time, id")] {
                let count = try connection.first("SELECT count(*) FROM \(table)") { try $0.int(0) } ?? 0
                guard count > limit else { continue }
                try connection.execute(
                    "DELETE FROM \(table) WHERE rowid IN (SELECT rowid FROM \(table) ORDER BY \(order) LIMIT ?)",
                    count - limit)
            }
            return new
        }
    }
}

extension PredictionScore {
    /// Whether its numbers are such as a prediction has.
    fileprivate var isSound: Bool {
        workload.flaw == nil && actual > 0 && [predicted, low, high, actual].allSatisfy { $0.isFinite && $0 >= 0 }
    }
}
