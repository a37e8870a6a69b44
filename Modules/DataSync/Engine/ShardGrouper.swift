/// Gathers the leaves of a stream of files into shards, so that an insertion changes the shards near it and no others.
///
/// A shard ends behind a leaf whose name ends in four zero bits if it has at least four leaves, behind its 32nd leaf, and
/// before a leaf that would make it larger than 2 MiB.
struct ShardGrouper<Content: Sendable>: Sendable {
    static var minimumLeaves: Int { 4 }
    static var maximumLeaves: Int { 32 }
    static var maximumBytes: Int { 2 << 20 }

    struct Element: Sendable {
        let leaf: Leaf
        let content: Content
    }

    private var open: [Element] = []
    private var size = 0

    /// Bytes of the shard that is not finished.
    var pendingBytes: Int { size }

    /// Takes the next leaf.
    /// - Returns: the shards that end with it or before it.
    mutating func add(_ leaf: Leaf, _ content: Content) -> [[Element]] {
        var shards: [[Element]] = []
        if size + leaf.size > Self.maximumBytes, let shard = finish() { shards.append(shard) }
        open.append(Element(leaf: leaf, content: content))
        size += leaf.size
        let endsHere = open.count >= Self.minimumLeaves && leaf.key.lastByte & 15 == 0
        if endsHere || open.count == Self.maximumLeaves, let shard = finish() { shards.append(shard) }
        return shards
    }

    /// Ends the stream.
    /// - Returns: the last shard, or `nil` when nothing is left.
    mutating func finish() -> [Element]? {
        guard !open.isEmpty else { return nil }
        defer { (open, size) = ([], 0) }
        return open
    }
}

extension LeafKey {
    fileprivate var lastByte: UInt8 { withUnsafeBytes { $0[Self.byteCount - 1] } }
}
