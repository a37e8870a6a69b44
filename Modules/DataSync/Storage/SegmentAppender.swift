import Glibc
import Store

/// Writes records behind one another into segments. Used on one thread only, which is not this type's to check.
final class SegmentAppender: @unchecked Sendable {
    // @unchecked: all of it is used on the store's append thread alone.
    private let files: SegmentFiles
    private let segmentBytes: Int
    /// The segment that records are added to, and where the next one goes.
    private(set) var segment: Int
    private var offset: Int
    /// Whether the segment's file is there.
    private var isOpen: Bool
    /// Records that a failed `append` left in segments before the current one; whoever called it takes them.
    private(set) var abandoned: [LeafRow] = []

    /// - Parameters:
    ///   - segment: the segment to go on with, or a number never used.
    ///   - offset: where its last record ends; `nil` when it is a new one.
    init(files: SegmentFiles, segmentBytes: Int, segment: Int, offset: Int?) {
        self.files = files
        self.segmentBytes = min(segmentBytes, 1 << 31)
        self.segment = segment
        self.offset = offset ?? 0
        isOpen = offset != nil
    }

    /// Writes the records and begins to bring them to the disk; `CommitLane` finishes that.
    /// - Returns: where each of them lies.
    /// - Throws: `StoreError`; nothing of them is left then but what `takeAbandoned` names.
    func append(_ leaves: [PreparedLeaf]) throws -> [LeafRow] {
        var rows: [LeafRow] = []
        rows.reserveCapacity(leaves.count)
        var rest = leaves[...]
        do {
            while !rest.isEmpty {
                if offset > 0, offset + rest[rest.startIndex].record.length > segmentBytes { roll() }
                var end = offset
                let part = rest.prefix { leaf in
                    guard end == offset || end + leaf.record.length <= segmentBytes else { return false }
                    end += leaf.record.length
                    return true
                }
                rows += try write(part)
                rest = rest.dropFirst(part.count)
            }
            return rows
        } catch {
            discard(rows)
            throw error
        }
    }

    func takeAbandoned() -> [LeafRow] {
        defer { abandoned = [] }
        return abandoned
    }

    /// Goes on in a new segment: when one is full, or something in it failed.
    func roll() {
        guard isOpen else { return }
        segment += 1
        offset = 0
        isOpen = false
    }

    private func write(_ leaves: ArraySlice<PreparedLeaf>) throws -> [LeafRow] {
        let file = isOpen ? try files.file(segment) : try create()
        var rows: [LeafRow] = []
        var end = offset
        let headers = leaves.map { leaf in
            rows.append(LeafRow(position: LeafPosition(segment: segment, offset: end), record: leaf.record))
            end += leaf.record.length
            return leaf.record.header
        }
        do {
            try Self.withPieces(headers[...], leaves) { try file.file.write($0, at: offset) }
        } catch {
            // What was written before the disk was full is nobody's.
            try? file.file.resize(to: offset)  // the first error tells; the next start cuts the file off again
            throw error
        }
        file.file.startWriteback(from: offset, count: end - offset)
        offset = end
        return rows
    }

    private func create() throws -> SegmentFiles.File {
        let file = try files.create(segment)
        isOpen = true
        return file
    }

    /// Takes back what the same call wrote, when it lies at the end.
    private func discard(_ rows: [LeafRow]) {
        abandoned += rows.filter { $0.position.segment != segment }
        guard let first = rows.first(where: { $0.position.segment == segment }) else { return }
        offset = first.position.offset
        // What cannot be cut off now is cut off at the next start.
        try? files.file(segment).file.resize(to: offset)
    }

    /// Gives `body` each header followed by its payload.
    private static func withPieces<Result>(
        _ headers: ArraySlice<[UInt8]>, _ leaves: ArraySlice<PreparedLeaf>,
        _ body: ([UnsafeRawBufferPointer]) throws -> Result
    ) rethrows -> Result {
        let scratch = ShardBuffer(capacity: headers.count * LeafRecord.headerBytes)
        var pieces: [UnsafeRawBufferPointer] = []
        pieces.reserveCapacity(2 * headers.count)
        var start = 0
        for (header, leaf) in zip(headers, leaves) {
            let target = UnsafeMutableRawBufferPointer(
                rebasing: scratch.memory[start..<start + LeafRecord.headerBytes])
            target.copyBytes(from: header)
            pieces.append(UnsafeRawBufferPointer(target))
            pieces.append(leaf.payload.buffer.bytes(leaf.payload.range))
            start += LeafRecord.headerBytes
        }
        defer { withExtendedLifetime((scratch, leaves)) {} }
        return try body(pieces)
    }
}
