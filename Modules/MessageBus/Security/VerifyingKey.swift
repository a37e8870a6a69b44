import CCrypto

/// The public half of an Ed25519 key: whose signature something bears. Not a secret.
public struct VerifyingKey: Hashable, Sendable, CustomStringConvertible {
    /// Bytes of a key.
    public static let byteCount = 32
    /// Bytes of a signature.
    public static let signatureBytes = 64

    public let bytes: [UInt8]

    /// - Returns: `nil` unless `bytes` are 32.
    public init?(bytes: some Collection<UInt8>) {
        guard bytes.count == Self.byteCount else { return nil }
        self.bytes = Array(bytes)
    }

    /// Reads the 64 digits that `hexadecimal` writes.
    public init?(hexadecimal text: some StringProtocol) {
        guard let bytes = Hexadecimal.decode(Array(text.utf8)) else { return nil }
        self.init(bytes: bytes)
    }

    /// 64 lower-case digits.
    public var hexadecimal: String { String(decoding: Hexadecimal.encode(bytes), as: UTF8.self) }

    /// In full.
    public var description: String { hexadecimal }

    /// The signature that 128 lower-case digits write.
    public static func signature(hexadecimal text: some StringProtocol) -> [UInt8]? {
        Hexadecimal.decode(Array(text.utf8)).flatMap { $0.count == signatureBytes ? $0 : nil }
    }

    /// As `signature(hexadecimal:)` reads it.
    public static func hexadecimal(_ signature: [UInt8]) -> String {
        String(decoding: Hexadecimal.encode(signature), as: UTF8.self)
    }

    /// Whether `signature` is this key's, of exactly this message. About 80 microseconds.
    public func verifies(_ signature: [UInt8], of message: [UInt8]) -> Bool {
        guard signature.count == Self.signatureBytes,
            let key = NativeKey(EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nil, bytes, bytes.count)),
            let context = EVP_MD_CTX_new()
        else { return false }
        defer { EVP_MD_CTX_free(context) }
        return EVP_DigestVerifyInit(context, nil, nil, nil, key.pointer) == 1
            && EVP_DigestVerify(context, signature, signature.count, message, message.count) == 1
    }
}
