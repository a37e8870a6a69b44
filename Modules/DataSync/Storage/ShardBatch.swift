/// Whole shards that become durable together: their lists, and the leaves of theirs that are written anew.
struct ShardBatch: Sendable {
    struct Shard: Sendable {
        let key: LeafKey
        let list: LeafList
    }

    let shards: [Shard]
    let leaves: [PreparedLeaf]
}
