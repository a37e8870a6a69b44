public import Contracts
import Store

/// Whether leaves are hashed when they are read.
public enum LeafCheck: Sendable, Hashable {
    /// Unless this store hashed them a short while ago.
    case unlessTrusted
    /// In any case, because somebody found them damaged.
    case always
    /// Not here: whoever receives them does.
    case never
}

extension ShardStore {
    /// Lookups of a leaf whose bytes did not match before they count as damaged: it may have been removed meanwhile.
    private static let lookups = 3

    /// A shard's raw bytes in one buffer, verified.
    /// - Throws: `DataSyncError` `missing`, or `corrupt-shard` after every shard that has the damaged leaf was forgotten;
    ///   `StoreError` `io`.
    public func raw(_ shard: Digest) async throws -> ShardBytes {
        try await raw(shard, leaves: nil, at: nil)
    }

    /// Raw bytes of some of a shard's leaves one behind the other, verified.
    /// - Parameters:
    ///   - leaves: indices into the shard's list; all of them if `nil`.
    ///   - place: where the shard was a moment ago, if that is known.
    func raw(_ shard: Digest, leaves: [Int]?, at place: Located?) async throws -> ShardBytes {
        try await reading(shard, at: place) { [self] rows in
            let wanted = try Self.choose(leaves, of: rows, shard)
            return try await workers.run { try self.readRaw(wanted) }
        }
    }

    /// Leaves of a shard as they are stored, one behind the other in one buffer.
    /// - Parameter leaves: which, as indices into the shard's list; all of them if `nil`.
    /// - Throws: as `raw`, and `DataSyncError` `invalid-request` for an index that the list does not have.
    public func stored(
        _ shard: Digest, leaves: [Int]? = nil, check: LeafCheck = .unlessTrusted
    ) async throws -> [StoredLeaf] {
        try await stored(shard, leaves: leaves, check: check, at: nil)
    }

    /// - Parameter place: where the shard was a moment ago, if that is known.
    func stored(
        _ shard: Digest, leaves: [Int]?, check: LeafCheck, at place: Located?
    ) async throws -> [StoredLeaf] {
        try await reading(shard, at: place) { [self] rows in
            let wanted = try Self.choose(leaves, of: rows, shard)
            return try await workers.run { try self.readStored(wanted, check: check) }
        }
    }

    private static func choose(_ leaves: [Int]?, of rows: [LeafRow], _ shard: Digest) throws(DataSyncError) -> [LeafRow]
    {
        guard let leaves else { return rows }
        guard leaves.allSatisfy(rows.indices.contains) else {
            throw DataSyncError(
                .invalidRequest, "shard \(shard) has \(rows.count) leaves; one was asked for beyond them")
        }
        return leaves.map { rows[$0] }
    }

    /// A shard's list, and where its leaves lie.
    struct Located: Sendable {
        let list: LeafList
        let rows: [LeafRow]
    }

    /// Those of `shards` that are here.
    func located(_ shards: [Digest]) async throws -> [Digest: Located] {
        try await database.read { connection in
            let index = ShardIndex(connection: connection)
            var found: [Digest: Located] = [:]
            for shard in shards {
                guard let list = try index.list(LeafKey(shard)) else { continue }
                let rows = try index.rows(of: list)
                let present = rows.compactMap { $0 }
                guard present.count == rows.count else {
                    throw StoreError(
                        .corrupt, "the database knows shard \(shard) but not all of its leaves; restore a backup of it")
                }
                found[shard] = Located(list: list, rows: present)
            }
            return found
        }
    }

    /// Bytes that do not hash to a leaf's name, or are not there.
    struct Mismatch: Error {
        let row: LeafRow
        let detail: String
    }

    /// Looks a shard up and gives it to `body`; when a leaf does not match, looks again before that counts as damage.
    private func reading<Result>(
        _ shard: Digest, at place: Located? = nil, _ body: ([LeafRow]) async throws -> Result
    ) async throws -> Result {
        var place = place
        var suspect: LeafRow?
        for _ in 0..<Self.lookups {
            guard let found = if let place { place } else { try await located([shard])[shard] } else {
                throw DataSyncError(.missing, "shard \(shard) is not here; fetch the manifest that names it")
            }
            if let suspect, found.rows.contains(suspect) {
                throw try await damaged(suspect, in: shard, "its bytes do not match its name")
            }
            do { return try await body(found.rows) } catch let mismatch as Mismatch {
                suspect = mismatch.row
            }
            place = nil
        }
        throw DataSyncError(
            .missing, "shard \(shard) was removed and stored again while it was read; try again", isRetriable: true)
    }

    // MARK: On a worker

    /// Records that lie behind one another, and which of the wanted leaves they are.
    private static func runs(_ rows: [LeafRow]) -> [Range<Int>] {
        var runs: [Range<Int>] = []
        for index in rows.indices {
            if let last = runs.last, rows[index - 1].position.segment == rows[index].position.segment,
                rows[index - 1].end == rows[index].position.offset
            {
                runs[runs.count - 1] = last.lowerBound..<index + 1
            } else {
                runs.append(index..<index + 1)
            }
        }
        return runs
    }

    /// Reads the payloads of `rows` into `targets`, one for each, in as few calls as their places allow.
    private func read(_ rows: [LeafRow], into targets: [UnsafeMutableRawBufferPointer]) throws {
        let headers = ShardBuffer(capacity: LeafRecord.headerBytes)
        for run in Self.runs(rows) {
            let first = rows[run.lowerBound]
            var pieces: [UnsafeMutableRawBufferPointer] = []
            for index in run {
                if index > run.lowerBound { pieces.append(headers.memory) }
                pieces.append(targets[index])
            }
            let expected = pieces.reduce(0) { $0 + $1.count }
            let count: Int
            do {
                count = try files.file(first.position.segment).file.read(
                    into: pieces, at: first.position.offset + LeafRecord.headerBytes)
            } catch let error as StoreError where error.kind == .io {
                // A segment that was removed since it was looked up, or one that the disk does not give.
                throw Mismatch(row: first, detail: error.message)
            }
            guard count == expected else {
                throw Mismatch(row: first, detail: "the segment ends before it")
            }
        }
    }

    private func readRaw(_ rows: [LeafRow]) throws -> ShardBytes {
        let size = rows.reduce(0) { $0 + $1.record.leaf.size }
        let raw = ShardBuffer(capacity: size)
        var places: [UnsafeMutableRawBufferPointer] = []
        var offset = 0
        for row in rows {
            let end = offset + row.record.leaf.size
            places.append(UnsafeMutableRawBufferPointer(rebasing: raw.memory[offset..<end]))
            offset = end
        }
        // Packed leaves are read beside and unpacked; the others are read to where they belong.
        let packed = ShardBuffer(
            capacity: rows.reduce(0) { $0 + ($1.record.encoding == .raw ? 0 : $1.record.stored) })
        var targets: [UnsafeMutableRawBufferPointer] = []
        var start = 0
        for (place, row) in zip(places, rows) {
            if row.record.encoding == .raw {
                guard place.count == row.record.stored else { throw Mismatch(row: row, detail: "another size") }
                targets.append(place)
            } else {
                targets.append(
                    UnsafeMutableRawBufferPointer(rebasing: packed.memory[start..<start + row.record.stored]))
                start += row.record.stored
            }
        }
        try read(rows, into: targets)
        let isTrusted = trusted.contains(rows.map(\.position))
        for (index, row) in rows.enumerated() where row.record.encoding != .raw {
            try Self.unpack(UnsafeRawBufferPointer(targets[index]), row, into: places[index])
        }
        let suspects = rows.indices.filter { !isTrusted[$0] }
        let keys = SHA256.keys(of: suspects.map { UnsafeRawBufferPointer(places[$0]) })
        for (index, key) in zip(suspects, keys) where key != rows[index].record.leaf.key {
            throw Mismatch(row: rows[index], detail: "other bytes")
        }
        trusted.add(zip(rows, isTrusted).filter { !$0.1 }.map(\.0.position))
        return ShardBytes(buffer: raw, range: 0..<size)
    }

    private func readStored(_ rows: [LeafRow], check: LeafCheck) throws -> [StoredLeaf] {
        let buffer = ShardBuffer(capacity: rows.reduce(0) { $0 + $1.record.stored })
        var ranges: [Range<Int>] = []
        var start = 0
        for row in rows {
            ranges.append(start..<start + row.record.stored)
            start += row.record.stored
        }
        try read(rows, into: ranges.map { UnsafeMutableRawBufferPointer(rebasing: buffer.memory[$0]) })
        if check != .never {
            let isTrusted =
                check == .always ? rows.map { _ in false } : trusted.contains(rows.map(\.position))
            for (index, row) in rows.enumerated() where !isTrusted[index] {
                try Self.verify(buffer.bytes(ranges[index]), row)
            }
            trusted.add(zip(rows, isTrusted).filter { !$0.1 }.map(\.0.position))
        }
        return zip(rows, ranges).map { row, range in
            StoredLeaf(
                leaf: row.record.leaf, encoding: row.record.encoding, payload: ShardBytes(buffer: buffer, range: range))
        }
    }

    /// Unpacks and hashes one leaf.
    static func verify(_ payload: UnsafeRawBufferPointer, _ row: LeafRow) throws {
        var raw = payload
        let scratch: ShardBuffer?
        if row.record.encoding == .raw {
            scratch = nil
        } else {
            let buffer = ShardBuffer(capacity: row.record.leaf.size)
            try unpack(payload, row, into: buffer.memory)
            raw = UnsafeRawBufferPointer(buffer.memory)
            scratch = buffer
        }
        defer { withExtendedLifetime(scratch) {} }
        guard SHA256.key(of: raw) == row.record.leaf.key else { throw Mismatch(row: row, detail: "other bytes") }
    }

    private static func unpack(
        _ payload: UnsafeRawBufferPointer, _ row: LeafRow, into output: UnsafeMutableRawBufferPointer
    ) throws {
        do { try LeafCodec.decode(payload, row.record.encoding, into: output) } catch {
            throw Mismatch(row: row, detail: error.message)
        }
    }
}
