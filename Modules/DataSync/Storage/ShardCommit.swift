import Store

/// Enters a batch into the index; inside one transaction.
struct ShardCommit {
    let connection: Connection

    /// Adds each shard whose leaves are all here or in the batch. Records that turn out not to be needed become garbage.
    /// - Returns: the shards that were not added.
    func apply(_ shards: [ShardBatch.Shard], _ rows: [LeafRow]) throws -> [LeafKey] {
        let index = ShardIndex(connection: connection)
        var written: [LeafKey: LeafRow] = [:]
        for row in rows { written[row.record.leaf.key] = row }
        var entered: Set<LeafPosition> = []
        var refused: [LeafKey] = []
        for shard in shards {
            if let known = try index.list(shard.key) {
                if known != shard.list { refused.append(shard.key) }
                continue
            }
            // Looked at before anything is changed: a savepoint would write what it must be able to undo to the disk.
            let counts = shard.list.counts
            if try counts.allSatisfy({ try isHere($0.leaf, written: written, index) }) {
                entered.formUnion(try enter(shard, counts, written: written, entered: entered, index))
            } else {
                refused.append(shard.key)
            }
        }
        for row in rows where !entered.contains(row.position) {
            try index.addGarbage(row.position, length: row.record.length)
        }
        return refused
    }

    private func isHere(_ leaf: Leaf, written: [LeafKey: LeafRow], _ index: ShardIndex) throws -> Bool {
        if let row = written[leaf.key] { return row.record.leaf.size == leaf.size }
        return try index.leaf(leaf.key)?.record.leaf.size == leaf.size
    }

    /// - Returns: the new records that now count.
    private func enter(
        _ shard: ShardBatch.Shard, _ counts: [(leaf: Leaf, count: Int)], written: [LeafKey: LeafRow],
        entered: Set<LeafPosition>, _ index: ShardIndex
    ) throws -> [LeafPosition] {
        var positions: [LeafPosition] = []
        for (leaf, count) in counts {
            if let row = written[leaf.key], !entered.contains(row.position) {
                if try index.insert(row, count: count) == row.position { positions.append(row.position) }
            } else if try !index.name(leaf, count: count) {
                throw StoreError(.corrupt, "leaf \(leaf.key) went in the middle of a transaction; restore a backup")
            }
        }
        try index.insert(shard.list, named: shard.key)
        return positions
    }
}
