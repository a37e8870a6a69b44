public import Contracts
import Core
import Store

extension ShardStore {
    /// Shards that are forgotten in one transaction, so that others that write wait no longer than for these.
    private static let removalBatch = 128
    /// Stretches that are freed at a time.
    private static let reclaimBatch = 1024

    /// Removes those of `shards` that no manifest names, and frees the space of leaves that no other shard has.
    /// - Returns: how many were removed.
    @discardableResult
    public func removeUnnamed(_ shards: [Digest]) async throws -> Int {
        var removed = 0
        var rest = shards[...]
        while !rest.isEmpty {
            let part = rest.prefix(Self.removalBatch)
            rest = rest.dropFirst(part.count)
            removed += try await database.write { connection in
                let index = ShardIndex(connection: connection)
                return try part.filter { shard in
                    let key = LeafKey(shard)
                    return try !Catalogue(connection: connection).isNamed(key) && index.drop(key)
                }.count
            }
        }
        _ = try await reclaim()
        return removed
    }

    /// Removes every shard that no manifest names. At a start: while something is being published or put, its shards have no
    /// name yet.
    @discardableResult
    public func removeUnnamed() async throws -> Int {
        let unnamed = try await database.read { try ShardIndex(connection: $0).unnamedShards() }
        return try await removeUnnamed(unnamed.map(\.digest))
    }

    /// A stretch of a segment that nothing refers to, with as much of its surroundings as nothing refers to either.
    private struct Stretch: Sendable {
        let segment: Int
        let start: Int
        let end: Int
    }

    /// Gives the space of leaves that are gone back to the disk.
    /// - Returns: bytes of records freed.
    @discardableResult
    public func reclaim() async throws -> Int {
        try await reclaiming.within {
            // What failed lies among what may yet become durable, so nothing beside it is freed with it.
            var freed = try await free(lane.takeOrphans().map { ($0.position, $0.record.length) }, widely: false)
            while true {
                let garbage = try await database.read { connection in
                    try ShardIndex(connection: connection).garbage(from: LeafPosition(0), count: Self.reclaimBatch)
                }
                guard !garbage.isEmpty else { return freed }
                freed += try await free(garbage, widely: true)
                try await database.write { connection in
                    for (position, _) in garbage {
                        try connection.execute("DELETE FROM datasync_garbage WHERE position = ?", position)
                    }
                }
            }
        }
    }

    /// - Parameter widely: frees what lies between the garbage and the leaves beside it too, so that whole blocks come free.
    private func free(_ garbage: [(position: LeafPosition, length: Int)], widely: Bool) async throws -> Int {
        guard !garbage.isEmpty else { return 0 }
        // Nothing comes to lie in a segment before this one any more.
        let quiet = try await appending.run { [lane, appender] in lane.quiet(before: appender.segment) }
        let (unused, stretches) = try await database.read { connection in
            let index = ShardIndex(connection: connection)
            let segments = Set(garbage.map(\.position.segment))
            let unused = try segments.filter { try $0 < quiet && !index.isUsed($0) }
            var stretches: [Stretch] = []
            for (position, length) in garbage where !unused.contains(position.segment) {
                let end = position.offset + length
                if let last = stretches.last, last.segment == position.segment, last.end >= end { continue }
                guard widely else {
                    stretches.append(Stretch(segment: position.segment, start: position.offset, end: end))
                    continue
                }
                // Records become durable in the order in which they lie, so what is between two of them is nobody's.
                stretches.append(
                    Stretch(
                        segment: position.segment, start: try index.end(before: position),
                        end: try index.start(after: position) ?? end))
            }
            return (unused, stretches)
        }
        try await workers.run { [files] in
            for segment in unused { try files.remove(segment) }
            for stretch in stretches where stretch.end > stretch.start && files.isThere(stretch.segment) {
                // Where the file system cannot, the space comes back with the whole segment.
                _ = try files.file(stretch.segment).file.punchHole(
                    from: stretch.start, count: stretch.end - stretch.start)
            }
        }
        return garbage.reduce(0) { $0 + $1.length }
    }
}
