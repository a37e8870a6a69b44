/// A leaf as it lies in the store.
public struct StoredLeaf: Sendable {
    public let leaf: Leaf
    public let encoding: LeafEncoding
    /// The encoded bytes, no more than `leaf.size`.
    public let payload: ShardBytes

    public init(leaf: Leaf, encoding: LeafEncoding, payload: ShardBytes) {
        self.leaf = leaf
        self.encoding = encoding
        self.payload = payload
    }
}
