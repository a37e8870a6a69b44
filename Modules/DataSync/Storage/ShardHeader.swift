import Contracts

/// The 16 bytes before a stored shard's payload, little-endian:
///
/// | offset | bytes | what |
/// |---|---|---|
/// | 0 | 4 | `GSHD` |
/// | 4 | 1 | version, 1 |
/// | 5 | 1 | encoding: 0 raw, 1 LZ4 frame |
/// | 6 | 2 | zero |
/// | 8 | 8 | bytes when raw |
struct ShardHeader: Hashable {
    static let byteCount = 16
    private static let magic = Array("GSHD".utf8)

    let encoding: ShardEncoding
    let size: Int

    var bytes: [UInt8] {
        Self.magic + [1, encoding == .raw ? 0 : 1, 0, 0]
            + (0..<8).map { UInt8(truncatingIfNeeded: size >> (8 * $0)) }
    }

    init(encoding: ShardEncoding, size: Int) {
        self.encoding = encoding
        self.size = size
    }

    /// Reads a header; `nil` for anything that `bytes` cannot have written.
    init?(_ bytes: UnsafeRawBufferPointer) {
        guard bytes.count >= Self.byteCount, bytes.prefix(4).elementsEqual(Self.magic), bytes[4] == 1,
            bytes[6] == 0, bytes[7] == 0
        else { return nil }
        switch bytes[5] {
        case 0: encoding = .raw
        case 1: encoding = .lz4
        default: return nil
        }
        let raw = UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: 8, as: UInt64.self))
        guard let size = Int(exactly: raw) else { return nil }
        self.size = size
    }
}
