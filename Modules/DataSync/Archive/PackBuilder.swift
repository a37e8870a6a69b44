import Contracts

/// Puts shards one behind the other into an object: 8 bytes `GPAK`, version 1 and three of zero, then sections.
///
/// The same shards in the same order make the same pack, so that one which was stored before a crash is recognised after
/// it.
struct PackBuilder {
    private static let header: [UInt8] = Array("GPAK".utf8) + [1, 0, 0, 0]

    /// Where a shard lies in its pack.
    struct Place: Sendable, Hashable {
        var shard: Digest
        var offset: Int
        var length: Int
    }

    private(set) var places: [Place] = []
    private var buffer: ShardBuffer
    private var filled: Int

    /// - Parameter capacity: bytes of the pack; a shard that needs more has a pack for itself.
    init(capacity: Int) {
        buffer = ShardBuffer(capacity: capacity)
        buffer.memory.copyBytes(from: Self.header)
        filled = Self.header.count
    }

    var isEmpty: Bool { places.isEmpty }

    /// - Returns: `false` when the pack is full and the shard belongs into the next.
    mutating func add(_ shard: Digest, _ leaves: [StoredLeaf]) -> Bool {
        let length = ArchivedSection.byteCount(leaves)
        if filled + length > buffer.memory.count {
            guard isEmpty else { return false }
            buffer = ShardBuffer(capacity: filled + length)
            buffer.memory.copyBytes(from: Self.header)
        }
        ArchivedSection.write(
            leaves, to: UnsafeMutableRawBufferPointer(rebasing: buffer.memory[filled..<filled + length]))
        places.append(Place(shard: shard, offset: filled, length: length))
        filled += length
        return true
    }

    /// The pack; the builder is not used any more.
    var bytes: ShardBytes { ShardBytes(buffer: buffer, range: 0..<filled) }
}
