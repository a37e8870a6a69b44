import Core
import Glibc
import Store

/// Brings the files of a store back to what its database knows, before anything else uses them.
struct StoreRecovery: Sendable {
    let directory: String
    let database: Database
    let files: SegmentFiles

    /// Where the store goes on.
    struct Result: Sendable {
        /// The segment to add records to.
        var segment: Int
        /// Where its last record ends; `nil` when the segment is a new one.
        var offset: Int?
        /// The segments that hold stretches which nothing may know of after a crash.
        var unsealed: Set<Int>
    }

    /// What the database knows of a segment.
    private struct Segment: Sendable {
        let id: Int
        /// Where the last record ends; `nil` when there is none.
        let end: Int?
        let isSealed: Bool
    }

    func run(on thread: ThreadExecutor) async throws -> Result {
        try await thread.run { try prepare() }
        try await checkTables()
        let ids = try await thread.run { [files] in try files.ids() }
        let (segments, last) = try await read(ids)
        let ends = try await thread.run { try trim(segments) }
        for segment in segments where segment.end != nil && !segment.isSealed {
            try await punchGaps(in: segment.id, on: thread)
        }
        // The last segment goes on if all of it is there; every other one is as its rows say from here on.
        let goesOn = ends[last].flatMap { $0.isWhole ? $0.end : nil }
        try await database.write { connection in
            for id in try connection.query("SELECT id FROM datasync_segments", row: { try $0.int(0) }) {
                if ends[id] == nil {
                    try connection.execute("DELETE FROM datasync_segments WHERE id = ?", id)
                } else {
                    let isSealed = id != last || goesOn == nil
                    try connection.execute("UPDATE datasync_segments SET is_sealed = ? WHERE id = ?", isSealed, id)
                }
            }
        }
        if let goesOn { return Result(segment: last, offset: goesOn, unsealed: [last]) }
        return Result(segment: last + 1, offset: nil, unsealed: [])
    }

    private func prepare() throws {
        try StateDirectory.makePrivate(directory, parents: true)
        let digits = Set("0123456789abcdef")
        let old = try DirectoryListing.names(in: directory).contains { name in
            name == "tmp" || name.count == 2 && name.allSatisfy(digits.contains)
        }
        if old { throw oldLayout(directory) }
        for inner in ["segments", "quarantine"] {
            try StateDirectory.makePrivate("\(directory)/\(inner)", parents: false)
        }
    }

    private func checkTables() async throws {
        let isCurrent = try await database.read { connection in
            try connection.first(
                "SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = 'datasync_leaves'"
            ) { _ in true }
        }
        if isCurrent == nil { throw oldLayout(database.path) }
    }

    private func oldLayout(_ path: String) -> DataSyncError {
        DataSyncError(
            .oldLayout,
            "\(path) holds models as a version before the first release stored them, which this program does not read; stop "
                + "it, move the state directory that it lies in away, and start again with a new one")
    }

    private func read(_ ids: [Int]) async throws -> ([Segment], last: Int) {
        try await database.read { connection in
            let index = ShardIndex(connection: connection)
            let sealed = Set(
                try connection.query("SELECT id FROM datasync_segments WHERE is_sealed") { try $0.int(0) })
            let segments = try ids.map {
                Segment(id: $0, end: try index.end(of: $0), isSealed: sealed.contains($0))
            }
            let known = try ["datasync_leaves", "datasync_garbage"].compactMap { table in
                try connection.first("SELECT position FROM \(table) ORDER BY position DESC LIMIT 1") {
                    LeafPosition(try $0.int64(0)).segment
                }
            }
            let used = segments.filter { $0.end != nil }.map(\.id)
            return (segments, (used + known).max() ?? 0)
        }
    }

    /// Removes segments that nothing is known of, and what lies behind the last record of the others.
    /// - Returns: of those that stay, where their last record ends, and whether the file reaches as far.
    private func trim(_ segments: [Segment]) throws -> [Int: (end: Int, isWhole: Bool)] {
        var ends: [Int: (end: Int, isWhole: Bool)] = [:]
        for segment in segments {
            guard let end = segment.end else {
                try files.remove(segment.id)
                continue
            }
            let file = try files.file(segment.id)
            let size = Int(try file.file.status().st_size)
            if size > end { try file.file.resize(to: end) }
            ends[segment.id] = (end, size >= end)
        }
        return ends
    }

    /// Frees what lies between the records of a segment: of batches that were written when it crashed.
    private func punchGaps(in segment: Int, on thread: ThreadExecutor) async throws {
        var start = LeafPosition(segment: segment, offset: 0)
        while true {
            let from = start
            let rows = try await database.read { connection in
                try ShardIndex(connection: connection).leaves(
                    from: from, through: LeafPosition.all(in: segment).upperBound, count: 1000)
            }
            guard let last = rows.last else { return }
            try await thread.run { [files] in
                let file = try files.file(segment)
                var end = from.offset
                for row in rows {
                    if row.position.offset > end {
                        // Where the file system cannot, the space comes back with the whole segment.
                        _ = try file.file.punchHole(from: end, count: row.position.offset - end)
                    }
                    end = row.end
                }
            }
            start = LeafPosition(segment: segment, offset: last.end)
        }
    }
}
