import CCrypto

/// An Ed25519 key (RFC 8032): by it a daemon signs what it writes. Apart from the CURVE key, which serves key agreement only.
/// The secret half never prints, encodes or leaves this type except to its file, and its memory is wiped on release.
public final class SigningKey: Sendable, CustomStringConvertible, CustomReflectable {
    /// Bytes of a secret half.
    static let byteCount = 32

    public let verifyingKey: VerifyingKey
    private let secret: SecretBytes

    /// - Throws: `SecurityError` `invalid-key` unless the secret has 32 bytes, `native`.
    init(secret: SecretBytes) throws(SecurityError) {
        guard secret.count == Self.byteCount else {
            throw SecurityError(.invalidKey, "a signing key has \(Self.byteCount) bytes; make a new one")
        }
        var bytes = [UInt8](repeating: 0, count: VerifyingKey.byteCount)
        var count = bytes.count
        guard let key = Self.native(secret), EVP_PKEY_get_raw_public_key(key.pointer, &bytes, &count) == 1,
            let verifyingKey = VerifyingKey(bytes: bytes.prefix(count))
        else { throw Self.unusable }
        self.secret = secret
        self.verifyingKey = verifyingKey
    }

    /// A new random key.
    /// - Throws: `SecurityError` `native`.
    public static func generate() throws(SecurityError) -> SigningKey {
        var bytes = [UInt8](repeating: 0, count: byteCount)
        defer { bytes.withUnsafeMutableBytes { OPENSSL_cleanse($0.baseAddress, $0.count) } }
        guard RAND_priv_bytes(&bytes, Int32(byteCount)) == 1 else {
            throw SecurityError(.native, "libcrypto has no random numbers; its installation is broken")
        }
        return try SigningKey(secret: bytes.withUnsafeBytes { SecretBytes(copying: $0) })
    }

    /// The signature of `message`, `VerifyingKey.signatureBytes` long. About 30 microseconds.
    /// - Throws: `SecurityError` `native`.
    public func sign(_ message: [UInt8]) throws(SecurityError) -> [UInt8] {
        var signature = [UInt8](repeating: 0, count: VerifyingKey.signatureBytes)
        var count = signature.count
        guard let key = Self.native(secret), let context = EVP_MD_CTX_new() else { throw Self.unusable }
        defer { EVP_MD_CTX_free(context) }
        guard EVP_DigestSignInit(context, nil, nil, nil, key.pointer) == 1,
            EVP_DigestSign(context, &signature, &count, message, message.count) == 1, count == signature.count
        else { throw Self.unusable }
        return signature
    }

    /// Lends the secret half.
    func withSecret<Result>(_ body: (UnsafeRawBufferPointer) -> Result) -> Result { secret.withUnsafeBytes(body) }

    private static func native(_ secret: SecretBytes) -> NativeKey? {
        secret.withUnsafeBytes { bytes in
            NativeKey(
                EVP_PKEY_new_raw_private_key(
                    EVP_PKEY_ED25519, nil, bytes.bindMemory(to: UInt8.self).baseAddress, bytes.count))
        }
    }

    private static var unusable: SecurityError {
        SecurityError(.native, "libcrypto cannot use Ed25519 keys; install OpenSSL 1.1.1 or newer")
    }

    public var description: String { "SigningKey(public: \(verifyingKey), secret: <secret>)" }
    public var customMirror: Mirror { Mirror(self, children: ["verifyingKey": verifyingKey]) }
}
