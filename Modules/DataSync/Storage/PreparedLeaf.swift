/// A leaf that is verified and ready to be written.
struct PreparedLeaf: Sendable {
    let leaf: Leaf
    let encoding: LeafEncoding
    let payload: ShardBytes

    var record: LeafRecord { LeafRecord(leaf: leaf, encoding: encoding, stored: payload.count) }
}
