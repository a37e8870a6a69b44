/// The difference between some leaves of a shard and what lies at the same places of another shard, one behind the other.
enum LeafDifference {
    /// The leaves' bytes end to end; shared where they lie so.
    private static func gather(_ shard: ShardBytes, list: LeafList, leaves: [Int]) -> ShardBytes {
        guard leaves.count < list.leaves.count else { return shard }
        let offsets = list.offsets
        let bytes = leaves.reduce(0) { $0 + list.leaves[$1].size }
        let start = offsets[leaves[0]]
        if leaves[leaves.count - 1] - leaves[0] == leaves.count - 1 { return shard.slice(start..<start + bytes) }
        let buffer = ShardBuffer(capacity: bytes)
        var position = 0
        for leaf in leaves {
            let size = list.leaves[leaf].size
            shard.slice(offsets[leaf]..<offsets[leaf] + size).withUnsafeBytes {
                UnsafeMutableRawBufferPointer(rebasing: buffer.memory[position..<position + size]).copyMemory(from: $0)
            }
            position += size
        }
        return ShardBytes(buffer: buffer, range: 0..<bytes)
    }

    /// - Parameter limit: bytes that are worth having at most.
    /// - Returns: `nil` when it is larger.
    static func encode(
        new: ShardBytes, base: ShardBytes, entropy: Entropy, limit: Int
    ) -> ShardBytes? {
        let buffer = ShardBuffer(capacity: max(1, limit))
        let count = new.withUnsafeBytes { new in
            base.withUnsafeBytes { base in
                FloatDelta.encode(
                    new: new, base: base, entropy: entropy,
                    into: UnsafeMutableRawBufferPointer(rebasing: buffer.memory[..<limit]))
            }
        }
        return count.map { ShardBytes(buffer: buffer, range: 0..<$0) }
    }

    /// The raw bytes of each of `leaves`.
    /// - Throws: `corrupt-shard`.
    static func decode(
        _ difference: ShardBytes, _ entropy: Entropy, base: ShardBytes, list: LeafList, leaves: [Int]
    ) throws -> [ShardBytes] {
        guard base.count == list.size else {
            throw DataSyncError(
                .protocolViolation,
                "the source sent a difference between shards of \(list.size) and \(base.count) bytes")
        }
        let old = gather(base, list: list, leaves: leaves)
        let buffer = ShardBuffer(capacity: old.count)
        try difference.withUnsafeBytes { difference in
            try old.withUnsafeBytes { old in
                try FloatDelta.decode(difference, base: old, entropy: entropy, into: buffer.memory)
            }
        }
        var start = 0
        return leaves.map { leaf in
            defer { start += list.leaves[leaf].size }
            return ShardBytes(buffer: buffer, range: start..<start + list.leaves[leaf].size)
        }
    }
}
