/// A shard to be stored, in raw bytes.
public struct NewShard: Sendable {
    public let bytes: ShardBytes
    /// The raw size of each leaf, in order; together all of `bytes`.
    public let leafSizes: [Int]
    /// 4 for 32-bit floats, which compress better when their bytes are shuffled; 1 for anything else.
    public let elementBytes: Int

    public init(bytes: ShardBytes, leafSizes: [Int], elementBytes: Int = 1) {
        self.bytes = bytes
        self.leafSizes = leafSizes
        self.elementBytes = elementBytes
    }

    /// A shard whose leaves have `leafBytes` each, but for the last.
    public init(bytes: ShardBytes, leafBytes: Int, elementBytes: Int = 1) {
        precondition(leafBytes > 0, "a leaf has at least one byte")
        self.init(
            bytes: bytes,
            leafSizes: stride(from: 0, to: bytes.count, by: leafBytes).map { min(leafBytes, bytes.count - $0) },
            elementBytes: elementBytes)
    }
}
