public import Contracts

/// The name of a leaf: the 32 bytes of the SHA-256 of its raw bytes, without memory of its own.
public struct LeafKey: Hashable, Sendable, Comparable {
    /// Bytes of a key.
    public static let byteCount = 32

    // The bytes as big-endian words, so that words compare as bytes do.
    private let word0: UInt64
    private let word1: UInt64
    private let word2: UInt64
    private let word3: UInt64

    /// - Precondition: `bytes` are 32.
    public init(bytes: UnsafeRawBufferPointer) {
        precondition(bytes.count == Self.byteCount, "a leaf's key has 32 bytes")
        word0 = UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: 0, as: UInt64.self))
        word1 = UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: 8, as: UInt64.self))
        word2 = UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: 16, as: UInt64.self))
        word3 = UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: 24, as: UInt64.self))
    }

    /// The key that `digest` writes in hexadecimal.
    public init(_ digest: Digest) {
        var words: (UInt64, UInt64, UInt64, UInt64) = (0, 0, 0, 0)
        Swift.withUnsafeMutableBytes(of: &words) { bytes in
            var index = 0
            var high: UInt8 = 0
            for digit in digest.hex.utf8 {
                // A digest has lower-case hexadecimal digits alone: "0" is 48 and "a" is 97.
                let value = digit < 58 ? digit - 48 : digit - 87
                if index & 1 == 0 { high = value << 4 } else { bytes[index / 2] = high | value }
                index += 1
            }
        }
        self = Swift.withUnsafeBytes(of: &words) { LeafKey(bytes: $0) }
    }

    public var digest: Digest { Digest(hash: bytes) }

    /// The 32 bytes.
    public var bytes: [UInt8] { withUnsafeBytes { [UInt8]($0) } }

    /// Lends the 32 bytes; the pointer is valid inside `body` only.
    public func withUnsafeBytes<Result>(_ body: (UnsafeRawBufferPointer) throws -> Result) rethrows -> Result {
        let words = (word0.bigEndian, word1.bigEndian, word2.bigEndian, word3.bigEndian)
        return try Swift.withUnsafeBytes(of: words, body)
    }

    public static func < (left: LeafKey, right: LeafKey) -> Bool {
        if left.word0 != right.word0 { return left.word0 < right.word0 }
        if left.word1 != right.word1 { return left.word1 < right.word1 }
        if left.word2 != right.word2 { return left.word2 < right.word2 }
        return left.word3 < right.word3
    }

    public func hash(into hasher: inout Hasher) {
        // A key is a hash already, but whoever chooses bytes can choose words of it that collide; the hasher has a seed.
        hasher.combine(word0)
        hasher.combine(word1)
    }
}

extension LeafKey: CustomStringConvertible {
    public var description: String { digest.hex }
}
