import Contracts

/// One shard in a pack, little-endian: `UInt32` count of leaves; for each leaf 32 bytes of its key, `UInt32` raw size, `UInt32`
/// stored size, one byte of encoding and three of zero; then the leaves as stored, one behind the other.
enum ArchivedSection {
    private static let entryBytes = LeafKey.byteCount + 12

    static func byteCount(_ leaves: [StoredLeaf]) -> Int {
        4 + leaves.reduce(0) { $0 + entryBytes + $1.payload.count }
    }

    /// Writes the section to `out`, which has exactly its size.
    static func write(_ leaves: [StoredLeaf], to out: UnsafeMutableRawBufferPointer) {
        out.storeBytes(of: UInt32(leaves.count).littleEndian, as: UInt32.self)
        var at = 4
        for leaf in leaves {
            leaf.leaf.key.withUnsafeBytes { out[at..<at + LeafKey.byteCount].copyBytes(from: $0) }
            at += LeafKey.byteCount
            out.storeBytes(of: UInt32(leaf.leaf.size).littleEndian, toByteOffset: at, as: UInt32.self)
            out.storeBytes(of: UInt32(leaf.payload.count).littleEndian, toByteOffset: at + 4, as: UInt32.self)
            out.storeBytes(of: UInt32(leaf.encoding.rawValue).littleEndian, toByteOffset: at + 8, as: UInt32.self)
            at += 12
        }
        for leaf in leaves {
            leaf.payload.withUnsafeBytes { out[at..<at + $0.count].copyBytes(from: $0) }
            at += leaf.payload.count
        }
    }

    /// Reads a section and checks that it is what its name says: the list against the shard, each leaf against the list.
    /// - Throws: `corrupt-shard`.
    static func read(_ bytes: ShardBytes, shard: Digest) throws -> ArrivedShard {
        guard let found = bytes.withUnsafeBytes({ parse($0, bytes) }), found.list.digest == shard else {
            throw DataSyncError(.corruptShard, "shard \(shard): its list of leaves is damaged")
        }
        let scratch = ShardBuffer(capacity: Leaf.maximumBytes)
        for (index, (leaf, content)) in zip(found.list.leaves, found.contents).enumerated() {
            let raw = UnsafeMutableRawBufferPointer(rebasing: scratch.memory[..<leaf.size])
            let isSound = try content.payload.withUnsafeBytes { payload in
                try LeafCodec.decode(payload, content.encoding, into: raw)
                return SHA256.digest(of: UnsafeRawBufferPointer(raw)) == leaf.key.digest
            }
            guard isSound else {
                throw DataSyncError(.corruptShard, "shard \(shard): leaf \(index) does not hash to its name")
            }
        }
        return ArrivedShard(
            digest: shard, list: found.list, contents: found.contents.map { .encoded($0.encoding, $0.payload) })
    }

    private typealias Contents = [(encoding: LeafEncoding, payload: ShardBytes)]

    /// - Returns: `nil` for anything but a section that fills `section` exactly.
    private static func parse(
        _ section: UnsafeRawBufferPointer, _ bytes: ShardBytes
    ) -> (list: LeafList, contents: Contents)? {
        guard section.count >= 4 else { return nil }
        let count = Int(UInt32(littleEndian: section.loadUnaligned(as: UInt32.self)))
        guard (1...LeafList.maximumLeaves).contains(count), section.count >= 4 + count * entryBytes else { return nil }
        var leaves: [Leaf] = []
        var contents: Contents = []
        var payload = 4 + count * entryBytes
        for index in 0..<count {
            let at = 4 + index * entryBytes
            func number(_ offset: Int) -> Int {
                Int(UInt32(littleEndian: section.loadUnaligned(fromByteOffset: at + 32 + offset, as: UInt32.self)))
            }
            let (size, stored) = (number(0), number(4))
            guard let encoding = UInt8(exactly: number(8)).flatMap(LeafEncoding.init(rawValue:)),
                (1...Leaf.maximumBytes).contains(size), (1...size).contains(stored), payload + stored <= section.count
            else { return nil }
            leaves.append(
                Leaf(key: LeafKey(bytes: UnsafeRawBufferPointer(rebasing: section[at..<at + 32])), size: size))
            contents.append((encoding, bytes.slice(payload..<payload + stored)))
            payload += stored
        }
        guard payload == section.count, let list = LeafList(leaves) else { return nil }
        return (list, contents)
    }
}
