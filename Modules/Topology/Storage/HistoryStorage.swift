import Contracts
import Core
import Store

/// The history of loads: rows of one or more records, by site, tier and time.
struct HistoryStorage: Sendable {
    /// A row and whose it is.
    struct Entry: Sendable {
        var site: Name
        var row: HistoryRollup.Row
        /// One more for each.
        var number: Int
    }

    let database: Database

    /// Stores rows in one transaction, and forgets what is too old of the sites named.
    /// - Parameter now: by the core's clock.
    func write(_ entries: [Entry], pruning sites: [Name], now: Timestamp) async throws {
        try await database.write { connection in
            for entry in entries {
                // After a crash a point may be made a second time, of the same reports.
                try connection.execute(
                    "INSERT INTO topology_history (site, tier, start, points) VALUES (?, ?, ?, ?) "
                        + "ON CONFLICT (site, tier, start) DO UPDATE SET points = excluded.points",
                    entry.site.text, entry.row.tier.rawValue, entry.row.start,
                    HistoryCodec.encode(entry.row.records, start: entry.row.start))
            }
            for site in sites {
                for tier in HistoryTier.allCases {
                    try connection.execute(
                        "DELETE FROM topology_history WHERE site = ? AND tier = ? AND start < ?", site.text,
                        tier.rawValue, now.milliseconds - tier.retention)
                }
            }
        }
    }

    func delete(_ site: Name) async throws {
        try await database.write { connection in
            try connection.execute("DELETE FROM topology_history WHERE site = ?", site.text)
        }
    }

    /// The records of `tier` that begin from `from` up to before `to`, by time.
    func records(of site: Name, tier: HistoryTier, from: Int64, to: Int64) async throws -> [HistoryRecord] {
        try await database.read { connection in
            try Self.records(connection, site, tier, from: from, to: to)
        }
    }

    /// What belongs to no complete point of the next coarser tier, for `HistoryRollup.resume`.
    func unfinished(of site: Name) async throws -> [HistoryTier: [HistoryRecord]] {
        try await database.read { connection in
            var unfinished: [HistoryTier: [HistoryRecord]] = [:]
            for tier in HistoryTier.allCases {
                guard let coarser = tier.coarser else { continue }
                let last = try connection.first(
                    "SELECT max(start) FROM topology_history WHERE site = ? AND tier = ?", site.text, coarser.rawValue,
                    row: { try $0.optionalInt64(0) })
                let from = last.flatMap { $0 }.map { $0 + coarser.width } ?? 0
                unfinished[tier] = try Self.records(connection, site, tier, from: from, to: .max)
            }
            return unfinished
        }
    }

    private static func records(
        _ connection: Connection, _ site: Name, _ tier: HistoryTier, from: Int64, to: Int64
    ) throws -> [HistoryRecord] {
        // A row of reports begins before its last record, by a few seconds.
        let first = tier == .reports ? max(0, from) - min(max(0, from), 60_000) : from
        return try connection.query(
            "SELECT start, points FROM topology_history WHERE site = ? AND tier = ? AND start >= ? AND start < ? "
                + "ORDER BY start", site.text, tier.rawValue, first, to
        ) { row in
            try HistoryCodec.decode(try row.blob(1), start: try row.int64(0))
        }.joined().filter { $0.start >= from && $0.start < to }
    }
}
