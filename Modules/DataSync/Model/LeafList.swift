public import Contracts

/// The leaves of one shard, in order.
public struct LeafList: Hashable, Sendable {
    /// The most leaves of a shard.
    public static let maximumLeaves = 128
    /// Bytes of one leaf in `encoded`: 32 of its key, then its size as a little-endian `UInt32`.
    public static let entryBytes = LeafKey.byteCount + 4
    private static let prefix = Array("GEdge shard 2\n".utf8)

    public let leaves: [Leaf]
    /// Raw bytes of the shard.
    public let size: Int

    /// - Returns: `nil` unless there are 1 to `maximumLeaves` leaves of 1 to `Leaf.maximumBytes` bytes each.
    public init?(_ leaves: [Leaf]) {
        guard (1...Self.maximumLeaves).contains(leaves.count),
            leaves.allSatisfy({ (1...Leaf.maximumBytes).contains($0.size) })
        else { return nil }
        self.leaves = leaves
        size = leaves.reduce(0) { $0 + $1.size }
    }

    /// Reads what `encoded` wrote; `nil` for anything else, at no cost of memory.
    public init?(encoded: UnsafeRawBufferPointer) {
        guard encoded.count > 0, encoded.count % Self.entryBytes == 0,
            encoded.count / Self.entryBytes <= Self.maximumLeaves
        else { return nil }
        self.init(
            stride(from: 0, to: encoded.count, by: Self.entryBytes).map { start in
                let key = LeafKey(bytes: UnsafeRawBufferPointer(rebasing: encoded[start..<start + LeafKey.byteCount]))
                let size = encoded.loadUnaligned(fromByteOffset: start + LeafKey.byteCount, as: UInt32.self)
                return Leaf(key: key, size: Int(UInt32(littleEndian: size)))
            })
    }

    /// Whether leaf by leaf both lie at the same bytes of their shards.
    func isCutLike(_ other: LeafList) -> Bool { leaves.elementsEqual(other.leaves) { $0.size == $1.size } }

    /// The list in bytes, `entryBytes` for each leaf.
    public var encoded: [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(leaves.count * Self.entryBytes)
        append(to: &bytes)
        return bytes
    }

    /// The shard's name: that of its only leaf, or the SHA-256 of `GEdge shard 2`, a line feed, and the encoded list.
    public var digest: Digest {
        guard leaves.count > 1 else { return leaves[0].key.digest }
        var bytes = Self.prefix
        bytes.reserveCapacity(bytes.count + leaves.count * Self.entryBytes)
        append(to: &bytes)
        return bytes.withUnsafeBytes { SHA256.digest(of: $0) }
    }

    /// Where each leaf begins in the shard's raw bytes.
    public var offsets: [Int] {
        var offset = 0
        return leaves.map { leaf in
            defer { offset += leaf.size }
            return offset
        }
    }

    private func append(to bytes: inout [UInt8]) {
        for leaf in leaves {
            leaf.key.withUnsafeBytes { bytes += $0 }
            withUnsafeBytes(of: UInt32(leaf.size).littleEndian) { bytes += $0 }
        }
    }
}
