import Store

/// Enters a batch into the index; inside one transaction.
struct ShardCommit {
    let connection: Connection

    /// Adds each shard whose leaves are all here or in the batch. Records that turn out not to be needed become garbage.
    /// - Returns: the shards that were not added.
    func apply(_ batch: ShardBatch, _ rows: [LeafRow]) throws -> [LeafKey] {
        let index = ShardIndex(connection: connection)
        var written: [LeafKey: LeafRow] = [:]
        for row in rows { written[row.record.leaf.key] = row }
        var entered: Set<LeafPosition> = []
        var refused: [LeafKey] = []
        for shard in batch.shards {
            if let known = try index.list(shard.key) {
                if known != shard.list { refused.append(shard.key) }
                continue
            }
            try connection.execute("SAVEPOINT shard")
            if let positions = try enter(shard, written: written, entered: entered, index) {
                entered.formUnion(positions)
            } else {
                try connection.execute("ROLLBACK TO shard")
                refused.append(shard.key)
            }
            try connection.execute("RELEASE shard")
        }
        for row in rows where !entered.contains(row.position) {
            try index.addGarbage(row.position, length: row.record.length)
        }
        return refused
    }

    /// - Returns: the new records that now count, or `nil` when a leaf is missing.
    private func enter(
        _ shard: ShardBatch.Shard, written: [LeafKey: LeafRow], entered: Set<LeafPosition>, _ index: ShardIndex
    ) throws -> [LeafPosition]? {
        var positions: [LeafPosition] = []
        for (leaf, count) in shard.list.counts {
            if let row = written[leaf.key], !entered.contains(row.position) {
                if try index.insert(row, count: count) == row.position { positions.append(row.position) }
            } else if try !index.name(leaf, count: count) {
                return nil
            }
        }
        try index.insert(shard.list, named: shard.key)
        return positions
    }
}
