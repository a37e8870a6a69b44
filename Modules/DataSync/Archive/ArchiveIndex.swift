import Contracts

/// Where each shard of a manifest lies in the archive. As an object, little-endian: `GIDX`, version 1, three of zero, `UInt32`
/// count of packs, `UInt32` count of shards; 32 bytes for each pack; for each shard 32 bytes of its digest, then `UInt32`
/// number of the pack, `UInt32` offset and `UInt32` length; last the SHA-256 of all before it.
struct ArchiveIndex: Sendable, Hashable {
    struct Place: Sendable, Hashable {
        var pack: LeafKey
        var offset: Int
        var length: Int
    }

    private static let header: [UInt8] = Array("GIDX".utf8) + [1, 0, 0, 0]
    private static let entryBytes = LeafKey.byteCount + 12

    /// Each shard once.
    var places: [Digest: Place]

    /// The most bytes of an index of so many shards.
    static func maximumBytes(shards: Int) -> Int { 48 + shards * (entryBytes + LeafKey.byteCount) }

    var packs: Set<LeafKey> { Set(places.values.map(\.pack)) }

    init(places: [Digest: Place]) { self.places = places }

    var encoded: [UInt8] {
        let packs = packs.sorted()
        let number = Dictionary(uniqueKeysWithValues: packs.enumerated().map { ($1, $0) })
        var out = Self.header
        func append(_ value: Int) { withUnsafeBytes(of: UInt32(value).littleEndian) { out += $0 } }
        append(packs.count)
        append(places.count)
        for pack in packs { out += pack.bytes }
        for (shard, place) in places.map({ (LeafKey($0), $1) }).sorted(by: { $0.0 < $1.0 }) {
            out += shard.bytes
            append(number[place.pack] ?? 0)
            append(place.offset)
            append(place.length)
        }
        return out + LeafKey(out.withUnsafeBytes { SHA256.digest(of: $0) }).bytes
    }

    /// Reads what `encoded` wrote; `nil` for anything else.
    init?(encoded: UnsafeRawBufferPointer) {
        let body = encoded.count - LeafKey.byteCount
        guard body >= 16, encoded.prefix(8).elementsEqual(Self.header),
            LeafKey(bytes: UnsafeRawBufferPointer(rebasing: encoded[body...]))
                == LeafKey(SHA256.digest(of: UnsafeRawBufferPointer(rebasing: encoded[..<body])))
        else { return nil }
        func number(_ at: Int) -> Int {
            Int(UInt32(littleEndian: encoded.loadUnaligned(fromByteOffset: at, as: UInt32.self)))
        }
        func key(_ at: Int) -> LeafKey {
            LeafKey(bytes: UnsafeRawBufferPointer(rebasing: encoded[at..<at + LeafKey.byteCount]))
        }
        let (packs, shards) = (number(8), number(12))
        guard packs <= shards, body == 16 + packs * LeafKey.byteCount + shards * Self.entryBytes else { return nil }
        places = [:]
        places.reserveCapacity(shards)
        let first = 16 + packs * LeafKey.byteCount
        for index in 0..<shards {
            let at = first + index * Self.entryBytes
            let pack = number(at + 32)
            guard pack < packs else { return nil }
            places[key(at).digest] = Place(
                pack: key(16 + pack * LeafKey.byteCount), offset: number(at + 36), length: number(at + 40))
        }
        guard places.count == shards else { return nil }
    }
}
