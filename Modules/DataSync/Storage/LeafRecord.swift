/// A record's header, the 48 bytes before a leaf's payload, little-endian:
///
/// | offset | bytes | what |
/// |---|---|---|
/// | 0 | 4 | `GLEF` |
/// | 4 | 1 | version, 1 |
/// | 5 | 1 | encoding |
/// | 6 | 2 | zero |
/// | 8 | 4 | bytes of the payload |
/// | 12 | 4 | bytes when raw |
/// | 16 | 32 | SHA-256 of the raw bytes |
struct LeafRecord: Hashable, Sendable {
    static let headerBytes = 48
    private static let magic = Array("GLEF".utf8)

    let leaf: Leaf
    let encoding: LeafEncoding
    /// Bytes of the payload.
    let stored: Int

    /// Bytes of header and payload.
    var length: Int { Self.headerBytes + stored }

    var header: [UInt8] {
        var bytes = Self.magic + [1, encoding.rawValue, 0, 0]
        bytes.reserveCapacity(Self.headerBytes)
        for number in [stored, leaf.size] {
            withUnsafeBytes(of: UInt32(number).littleEndian) { bytes += $0 }
        }
        leaf.key.withUnsafeBytes { bytes += $0 }
        return bytes
    }
}
