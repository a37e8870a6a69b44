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
        let digits = Array(text.utf8)
        guard digits.count == 2 * SHA256.byteCount else { return nil }
        var bytes: [UInt8] = []
        for index in stride(from: 0, to: digits.count, by: 2) {
            guard let high = Self.value(digits[index]), let low = Self.value(digits[index + 1]) else { return nil }
            bytes.append(high << 4 | low)
        }
        self.bytes = bytes
    }

    /// 64 lower-case hexadecimal digits.
    public var hexadecimal: String {
        let digits = Array("0123456789abcdef".utf8)
        return String(decoding: bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
    }

    public var description: String { hexadecimal }

    private static func value(_ digit: UInt8) -> UInt8? {
        switch digit {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): digit - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): digit - UInt8(ascii: "a") + 10
        default: nil
        }
    }
}

extension TokenDigest: Hashable {
    public static func == (left: TokenDigest, right: TokenDigest) -> Bool {
        CRYPTO_memcmp(left.bytes, right.bytes, SHA256.byteCount) == 0
    }

    public func hash(into hasher: inout Hasher) { hasher.combine(bytes) }
}
