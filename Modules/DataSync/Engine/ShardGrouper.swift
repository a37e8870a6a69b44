/// Gathers the leaves of a stream of files into shards, so that an insertion changes the shards near it and no others.
///
/// A shard ends behind a leaf whose name ends in four zero bits if it has at least four leaves, behind its 32nd leaf, and
/// before a leaf that would make it larger than 2 MiB.
///
/// A file that holds tensors has shards of its own, which end where the sizes of its leaves say, and not their content: before a
/// leaf that would make one larger than 1 MiB, behind its 32nd leaf, and before the first leaf of 64 KiB. So those of two
/// versions of a model lie at the same places, and one can go as a difference to the other.
struct ShardGrouper<Content: Sendable>: Sendable {
    static var minimumLeaves: Int { 4 }
    static var maximumLeaves: Int { 32 }
    static var maximumBytes: Int { 2 << 20 }
    static var maximumTensorBytes: Int { 1 << 20 }

    struct Element: Sendable {
        let leaf: Leaf
        let content: Content
        let elementBytes: Int
    }

    private var open: [Element] = []
    private var size = 0
    /// The file that the open shard is of, if that holds tensors.
    private var file: Int?
    private var hasWholeLeaf = false

    /// Bytes of the shard that is not finished.
    var pendingBytes: Int { size }

    /// Takes the next leaf.
    /// - Parameter tensors: a number of its file, if that holds tensors.
    /// - Returns: the shards that end with it or before it.
    mutating func add(
        _ leaf: Leaf, _ content: Content, elementBytes: Int = 1, tensors: Int? = nil
    ) -> [[Element]] {
        var shards: [[Element]] = []
        let isWhole = leaf.size == TensorLayout.leafBytes
        let endsBefore =
            tensors != file || size + leaf.size > (tensors == nil ? Self.maximumBytes : Self.maximumTensorBytes)
            || (tensors != nil && isWhole && !hasWholeLeaf)
        if endsBefore, let shard = finish() { shards.append(shard) }
        if tensors != file { hasWholeLeaf = false }
        file = tensors
        if isWhole { hasWholeLeaf = true }
        open.append(Element(leaf: leaf, content: content, elementBytes: elementBytes))
        size += leaf.size
        let endsHere = tensors == nil && open.count >= Self.minimumLeaves && leaf.key.lastByte & 15 == 0
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
