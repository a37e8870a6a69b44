import CCrypto

/// SHA-256 of a join secret: lets the core recognise a token without being able to show it.
///
/// A plain hash suffices, without salt or stretching, because the secret is 160 random bits and not a password.
/// Compared in constant time.
public struct TokenDigest: Sendable, CustomStringConvertible {
    private let bytes: [UInt8]

    /// - Precondition: 32 bytes.
    init(sha256 bytes: [UInt8]) {
        precondition(bytes.count == SHA256.byteCount, "a SHA-256 has \(SHA256.byteCount) bytes")
        self.bytes = bytes
    }

    /// Reads the 64 hexadecimal digits of `hexadecimal`, or returns `nil`.
    public init?(hexadecimal text: String) {
        guard text.utf8.count == 2 * SHA256.byteCount, let bytes = Hexadecimal.decode(text.utf8) else { return nil }
        self.bytes = bytes
    }

    /// 64 lower-case hexadecimal digits.
    public var hexadecimal: String {
        String(decoding: Hexadecimal.encode(bytes), as: UTF8.self)
    }

    public var description: String { hexadecimal }
}

extension TokenDigest: Hashable {
    public static func == (left: TokenDigest, right: TokenDigest) -> Bool {
        CRYPTO_memcmp(left.bytes, right.bytes, SHA256.byteCount) == 0
    }

    public func hash(into hasher: inout Hasher) { hasher.combine(bytes) }
}
