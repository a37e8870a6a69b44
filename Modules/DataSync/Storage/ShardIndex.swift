import Contracts
import Store

/// Which leaves and shards are here, where, and how often they are named; inside one transaction.
struct ShardIndex {
    let connection: Connection

    // MARK: Leaves

    func leaf(_ key: LeafKey) throws -> LeafRow? {
        try connection.first(
            "SELECT position, digest, stored, raw, encoding FROM datasync_leaves WHERE digest = ?", key.bytes,
            row: Self.row)
    }

    /// The leaves from `start` on, in order of position, at most `count` of them.
    func leaves(from start: LeafPosition, through end: LeafPosition, count: Int) throws -> [LeafRow] {
        try connection.query(
            """
            SELECT position, digest, stored, raw, encoding FROM datasync_leaves
            WHERE position BETWEEN ? AND ? ORDER BY position LIMIT ?
            """, start, end, count, row: Self.row)
    }

    /// Where the leaves of a list lie, in its order; `nil` for one that is not here. Leaves that were written together lie behind
    /// one another, and one look at the index finds them all.
    func rows(of list: LeafList) throws -> [LeafRow?] {
        var known: [LeafKey: LeafRow] = [:]
        var readsAhead = true
        return try list.leaves.indices.map { place in
            let key = list.leaves[place].key
            if let row = known[key] { return row }
            guard let row = try leaf(key) else { return nil }
            known[key] = row
            let rest = list.leaves.count - place - 1
            if readsAhead, rest > 0 {
                let next = LeafPosition(segment: row.position.segment, offset: row.end)
                for row in try leaves(from: next, through: .all(in: next.segment).upperBound, count: rest) {
                    known[row.record.leaf.key] = row
                }
                readsAhead = known[list.leaves[place + 1].key] != nil
            }
            return row
        }
    }

    /// Adds a leaf that `count` places of lists name, or their names to the leaf that is here already.
    /// - Returns: where the leaf is.
    func insert(_ row: LeafRow, count: Int) throws -> LeafPosition? {
        try connection.first(
            """
            INSERT INTO datasync_leaves (position, digest, stored, raw, encoding, refs) VALUES (?, ?, ?, ?, ?, ?)
            ON CONFLICT (digest) DO UPDATE SET refs = refs + excluded.refs RETURNING position
            """, row.position, row.record.leaf.key.bytes, row.record.stored, row.record.leaf.size,
            Int(row.record.encoding.rawValue), count
        ) { LeafPosition(try $0.int64(0)) }
    }

    /// Adds names to a leaf.
    /// - Returns: whether it is here, in this size.
    func name(_ leaf: Leaf, count: Int) throws -> Bool {
        try connection.execute(
            "UPDATE datasync_leaves SET refs = refs + ? WHERE digest = ? AND raw = ?", count, leaf.key.bytes, leaf.size)
        return connection.changes > 0
    }

    /// Takes names from a leaf; the last one takes the leaf with it, whose record becomes garbage.
    private func unname(_ leaf: Leaf, count: Int) throws {
        let row = try connection.first(
            """
            UPDATE datasync_leaves SET refs = refs - ? WHERE digest = ? RETURNING position, stored, refs
            """, count, leaf.key.bytes
        ) { (LeafPosition(try $0.int64(0)), try $0.int(1), try $0.int(2)) }
        guard let (position, stored, refs) = row, refs <= 0 else { return }
        try connection.execute("DELETE FROM datasync_leaves WHERE position = ?", position)
        try addGarbage(position, length: LeafRecord.headerBytes + stored)
    }

    // MARK: Shards

    func list(_ shard: LeafKey) throws -> LeafList? {
        let list = try connection.first("SELECT list FROM datasync_shards WHERE digest = ?", shard.bytes) { row in
            try row.withBlob(0) { LeafList(encoded: $0) }
        }
        guard let list else { return nil }
        guard let list else { throw StoreError(.corrupt, "the list of shard \(shard) is damaged in the database") }
        return list
    }

    /// How large the shard is, if it is here.
    func size(_ shard: LeafKey) throws -> Int? {
        try connection.first("SELECT size FROM datasync_shards WHERE digest = ?", shard.bytes) { try $0.int(0) }
    }

    func insert(_ list: LeafList, named shard: LeafKey) throws {
        try connection.execute(
            "INSERT INTO datasync_shards (digest, size, list) VALUES (?, ?, ?)", shard.bytes, list.size, list.encoded)
    }

    /// Forgets a shard, and every leaf that no other one names.
    /// - Returns: whether it was here.
    @discardableResult
    func drop(_ shard: LeafKey) throws -> Bool {
        guard let list = try list(shard) else { return false }
        try connection.execute("DELETE FROM datasync_shards WHERE digest = ?", shard.bytes)
        for (leaf, count) in list.counts { try unname(leaf, count: count) }
        return true
    }

    /// The shards whose lists name the leaf. Reads every list.
    func shards(naming key: LeafKey) throws -> [LeafKey] {
        var shards: [LeafKey] = []
        try connection.forEach("SELECT digest, list FROM datasync_shards") { row in
            let names = try row.withBlob(1) { LeafList(encoded: $0)?.leaves.contains { $0.key == key } ?? true }
            if names { shards.append(try row.withBlob(0) { LeafKey(bytes: $0) }) }
        }
        return shards
    }

    /// The shards that no manifest names.
    func unnamedShards() throws -> [LeafKey] {
        try connection.query(
            """
            SELECT digest FROM datasync_shards s
            WHERE NOT EXISTS (SELECT 1 FROM datasync_names n WHERE n.shard = s.digest)
            """
        ) { try $0.withBlob(0) { LeafKey(bytes: $0) } }
    }

    // MARK: Segments

    func addGarbage(_ position: LeafPosition, length: Int) throws {
        try connection.execute(
            "INSERT OR REPLACE INTO datasync_garbage (position, length) VALUES (?, ?)", position, length)
    }

    /// Garbage from `start` on, in order of position.
    func garbage(from start: LeafPosition, count: Int) throws -> [(position: LeafPosition, length: Int)] {
        try connection.query(
            "SELECT position, length FROM datasync_garbage WHERE position >= ? ORDER BY position LIMIT ?", start, count
        ) { (LeafPosition(try $0.int64(0)), try $0.int(1)) }
    }

    /// The last record of a segment that anything is known of: where it ends.
    func end(of segment: Int) throws -> Int? {
        let range = LeafPosition.all(in: segment)
        let ends = [
            try connection.first(
                "SELECT position, stored FROM datasync_leaves WHERE position BETWEEN ? AND ? ORDER BY position DESC LIMIT 1",
                range.lowerBound, range.upperBound
            ) { LeafPosition(try $0.int64(0)).offset + LeafRecord.headerBytes + (try $0.int(1)) },
            try connection.first(
                "SELECT position, length FROM datasync_garbage WHERE position BETWEEN ? AND ? ORDER BY position DESC LIMIT 1",
                range.lowerBound, range.upperBound
            ) { LeafPosition(try $0.int64(0)).offset + (try $0.int(1)) },
        ]
        return ends.compactMap { $0 }.max()
    }

    /// Whether a leaf lies in the segment.
    func isUsed(_ segment: Int) throws -> Bool {
        let range = LeafPosition.all(in: segment)
        return try connection.first(
            "SELECT 1 FROM datasync_leaves WHERE position BETWEEN ? AND ? LIMIT 1", range.lowerBound, range.upperBound
        ) { _ in true } ?? false
    }

    /// Where the leaf before `position` in its segment ends, or 0.
    func end(before position: LeafPosition) throws -> Int {
        try connection.first(
            "SELECT position, stored FROM datasync_leaves WHERE position >= ? AND position < ? ORDER BY position DESC LIMIT 1",
            LeafPosition(segment: position.segment, offset: 0), position
        ) { LeafPosition(try $0.int64(0)).offset + LeafRecord.headerBytes + (try $0.int(1)) } ?? 0
    }

    /// Where the next leaf after `position` in its segment begins.
    func start(after position: LeafPosition) throws -> Int? {
        try connection.first(
            "SELECT position FROM datasync_leaves WHERE position > ? AND position <= ? ORDER BY position LIMIT 1",
            position, LeafPosition.all(in: position.segment).upperBound
        ) { LeafPosition(try $0.int64(0)).offset }
    }

    private static func row(_ row: Row) throws -> LeafRow {
        guard let encoding = LeafEncoding(rawValue: UInt8(truncatingIfNeeded: try row.int(4))) else {
            throw StoreError(.corrupt, "a leaf in the database has an encoding of \(try row.int(4))")
        }
        let leaf = Leaf(key: try row.withBlob(1) { LeafKey(bytes: $0) }, size: try row.int(3))
        return LeafRow(
            position: LeafPosition(try row.int64(0)),
            record: LeafRecord(leaf: leaf, encoding: encoding, stored: try row.int(2)))
    }
}

extension LeafList {
    /// Each leaf once, and how often it stands in the list, in order of its first place.
    var counts: [(leaf: Leaf, count: Int)] {
        var places: [LeafKey: Int] = [:]
        var counts: [(leaf: Leaf, count: Int)] = []
        for leaf in leaves {
            if let place = places[leaf.key] {
                counts[place].count += 1
            } else {
                places[leaf.key] = counts.count
                counts.append((leaf, 1))
            }
        }
        return counts
    }
}
