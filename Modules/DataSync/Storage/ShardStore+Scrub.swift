import Core
import Store

extension ShardStore {
    /// What a walk over the segments has found so far.
    public struct ScrubReport: Sendable, Hashable {
        public var leaves = 0
        /// Bytes read.
        public var bytes = 0
        /// Leaves whose bytes did not match their name; the shards that had them count as missing.
        public var damaged: [LeafKey] = []
        /// Headers that did not match their leaf, which itself was sound; they were written again.
        public var mendedHeaders = 0
    }

    /// Leaves that are read and hashed in one go.
    private static let scrubBatch = 16

    /// Reads every record in the order of the disk and hashes it, whenever it was last hashed. What is stored meanwhile may
    /// be left out.
    /// - Parameters:
    ///   - bytesPerSecond: the most it reads; 0 for as fast as it can.
    ///   - progress: called after every few leaves.
    /// - Throws: `StoreError`, `CancellationError`. Damage is no error: it is in the report.
    public func scrub(
        bytesPerSecond: Int = 0, clock: any Clock<Duration> = ContinuousClock(),
        progress: @Sendable (ScrubReport) -> Void = { _ in }
    ) async throws -> ScrubReport {
        var report = ScrubReport()
        var cursor = LeafPosition(0)
        while true {
            let before = report.bytes
            guard let next = try await scrub(from: cursor, into: &report) else { return report }
            progress(report)
            cursor = next
            if bytesPerSecond > 0 {
                try await clock.sleep(for: .seconds(Double(report.bytes - before) / Double(bytesPerSecond)))
            }
        }
    }

    /// Reads and hashes the next few records.
    /// - Returns: where to go on; `nil` at the end.
    func scrub(from start: LeafPosition, into report: inout ScrubReport) async throws -> LeafPosition? {
        try Task.checkCancellation()
        let rows = try await database.read { connection in
            try ShardIndex(connection: connection).leaves(
                from: start, through: LeafPosition(.max), count: Self.scrubBatch)
        }
        guard let last = rows.last else { return nil }
        let found = try await workers.run { try self.inspect(rows) }
        report.leaves += rows.count
        report.bytes += rows.reduce(0) { $0 + $1.record.length }
        report.mendedHeaders += found.mendedHeaders
        for mismatch in found.mismatches where try await isStillThere(mismatch.row) {
            _ = try await damaged(mismatch.row, in: nil, mismatch.detail)
            report.damaged.append(mismatch.row.record.leaf.key)
        }
        return LeafPosition(last.position.value + 1)
    }

    /// Whether a leaf that did not match still lies there: it may have been removed while it was read.
    private func isStillThere(_ row: LeafRow) async throws -> Bool {
        try await database.read { try ShardIndex(connection: $0).leaf(row.record.leaf.key) == row }
    }

    /// Reads and hashes records; a header that is damaged before a sound leaf is written again.
    private func inspect(_ rows: [LeafRow]) throws -> (mismatches: [Mismatch], mendedHeaders: Int) {
        var mismatches: [Mismatch] = []
        var mended = 0
        for row in rows {
            let buffer = ShardBuffer(capacity: row.record.length)
            do {
                let file = try files.file(row.position.segment)
                guard try file.file.read(into: [buffer.memory], at: row.position.offset) == row.record.length else {
                    throw Mismatch(row: row, detail: "the segment ends before it")
                }
                try Self.verify(buffer.bytes(LeafRecord.headerBytes..<row.record.length), row)
                let header = row.record.header
                if !buffer.bytes(0..<LeafRecord.headerBytes).elementsEqual(header) {
                    try header.withUnsafeBytes { try file.file.write([$0], at: row.position.offset) }
                    mended += 1
                }
            } catch let mismatch as Mismatch { mismatches.append(mismatch) } catch let error as StoreError
                where error.kind == .io
            { mismatches.append(Mismatch(row: row, detail: error.message)) }
        }
        return (mismatches, mended)
    }
}
