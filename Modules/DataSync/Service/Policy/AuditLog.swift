import Contracts
import Core
import Store

/// What the rules refused here: durable, and bounded.
///
/// The first refusal of a thing is durable when `record` returns. The same thing asked again is counted; such counts are
/// written after five seconds at the earliest, so that whoever asks without end does not keep the disk busy.
actor AuditLog {
    /// The most entries that are kept; the oldest go first.
    static let maximumEntries = 10_000
    /// How long the same thing counts as asked again and not anew.
    static let memory: Duration = .seconds(600)
    private static let maximumOpen = 256

    private struct Key: Hashable {
        let direction: TransferDirection
        let peer: PeerID
        let manifest: Digest
        let rule: String
    }

    private struct Open {
        /// `nil` while it is being written for the first time.
        var id: Int64?
        var entry: AuditEntry
        var written: Timestamp
        var isDirty: Bool
    }

    private let database: Database
    private var open: [Key: Open] = [:]

    init(database: Database) { self.database = database }

    func record(_ entry: AuditEntry) async throws {
        let key = Key(direction: entry.direction, peer: entry.peer, manifest: entry.manifest, rule: entry.rule)
        if var known = open[key], entry.last < known.entry.first.advanced(by: Self.memory) {
            known.entry.count += 1
            known.entry.last = max(known.entry.last, entry.last)
            known.isDirty = true
            let isDue = entry.last >= known.written.advanced(by: .seconds(5))
            open[key] = known
            if isDue { try await write(key) }
            return
        }
        // Known from here on, so that the same thing asked meanwhile is counted with it.
        open[key] = Open(id: nil, entry: entry, written: entry.last, isDirty: false)
        let maximum = Self.maximumEntries
        do {
            open[key]?.id = try await database.write { connection in
                try connection.execute(
                    "INSERT INTO syncpolicy_audit (last, count, entry) VALUES (?, ?, ?)", entry.last, entry.count,
                    try connection.json(entry))
                let id = connection.lastInsertedRow
                try connection.execute("DELETE FROM syncpolicy_audit WHERE id <= ?", id - Int64(maximum))
                return id
            }
        } catch {
            open[key] = nil
            throw error
        }
        if open.count > Self.maximumOpen,
            let oldest = open.filter({ $0.value.id != nil }).min(by: { $0.value.entry.last < $1.value.entry.last })?.key
        {
            try await write(oldest)
            open[oldest] = nil
        }
    }

    /// The newest entries, newest first.
    func list(limit: Int) async throws -> [AuditEntry] {
        for key in open.keys { try await write(key) }
        let limit = min(max(1, limit), 1000)
        return try await database.read { connection in
            try connection.query("SELECT entry FROM syncpolicy_audit ORDER BY last DESC, id DESC LIMIT ?", limit) {
                try $0.json(0)
            }
        }
    }

    private func write(_ key: Key) async throws {
        guard let item = open[key], item.isDirty, let id = item.id else { return }
        open[key]?.isDirty = false
        open[key]?.written = item.entry.last
        try await database.write { connection in
            try connection.execute(
                "UPDATE syncpolicy_audit SET last = ?, count = ?, entry = ? WHERE id = ?", item.entry.last,
                item.entry.count, try connection.json(item.entry), id)
        }
    }
}
