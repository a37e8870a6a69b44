public import Contracts

/// A shard that came from elsewhere. Nothing about it is believed: the store checks the list against the name, and each
/// leaf against the list.
public struct ArrivedShard: Sendable {
    /// What came of one leaf.
    public enum Content: Sendable {
        /// Nothing, because the store has it.
        case present
        /// As its sender stores it; kept as it is.
        case encoded(LeafEncoding, ShardBytes)
        /// Raw bytes, such as those rebuilt from a difference; the store encodes them.
        case raw(ShardBytes)
    }

    public let digest: Digest
    public let list: LeafList
    /// One for each leaf of `list`, in order.
    public let contents: [Content]
    /// As in `NewShard`; for leaves that came raw.
    public let elementBytes: Int

    public init(digest: Digest, list: LeafList, contents: [Content], elementBytes: Int = 1) {
        self.digest = digest
        self.list = list
        self.contents = contents
        self.elementBytes = elementBytes
    }
}
