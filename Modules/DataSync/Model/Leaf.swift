/// The unit of storage, deduplication and verification: a stretch of raw bytes named by their SHA-256.
public struct Leaf: Hashable, Sendable {
    /// The most raw bytes of a leaf, whoever cut it.
    public static let maximumBytes = 256 << 10

    public let key: LeafKey
    /// Bytes when raw, 1 to `maximumBytes`.
    public let size: Int

    public init(key: LeafKey, size: Int) {
        self.key = key
        self.size = size
    }
}
