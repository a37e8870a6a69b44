/// A CURVE public key: who a peer is, on every encrypted connection. Not a secret.
public struct PublicKey: Hashable, Sendable, CustomStringConvertible {
    /// Bytes of a key.
    public static let byteCount = 32

    /// The bytes, most significant first. Not a `SIMD4`, whose alignment of 32 bytes the frames of asynchronous functions
    /// do not keep: a key that lives across an `await` would corrupt them.
    private let first: UInt64
    private let second: UInt64
    private let third: UInt64
    private let fourth: UInt64

    /// - Returns: `nil` unless `bytes` are 32.
    public init?(bytes: some Collection<UInt8>) {
        guard bytes.count == Self.byteCount else { return nil }
        var words: [UInt64] = [0, 0, 0, 0]
        for (index, byte) in bytes.enumerated() { words[index / 8] = words[index / 8] << 8 | UInt64(byte) }
        (first, second, third, fourth) = (words[0], words[1], words[2], words[3])
    }

    /// Reads the 40 characters of Z85 that `z85` writes.
    public init?(z85 text: some StringProtocol) {
        guard let bytes = Z85.decode(Array(text.utf8)) else { return nil }
        self.init(bytes: bytes)
    }

    /// The key's 32 bytes.
    public var bytes: [UInt8] {
        let words = [first, second, third, fourth]
        return (0..<Self.byteCount).map { UInt8(truncatingIfNeeded: words[$0 / 8] >> UInt64(56 - 8 * ($0 % 8))) }
    }

    /// 40 characters of Z85, as ZeroMQ writes keys.
    public var z85: String { String(decoding: Z85.encode(bytes), as: UTF8.self) }

    /// Z85, in full.
    public var description: String { z85 }
}

extension PublicKey: Codable {
    public init(from decoder: any Decoder) throws {
        let text = try decoder.singleValueContainer().decode(String.self)
        guard let key = PublicKey(z85: text) else {
            throw DecodingError.dataCorrupted(
                .init(codingPath: decoder.codingPath, debugDescription: "a public key is 40 characters of Z85"))
        }
        self = key
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(z85)
    }
}
