import CCrypto

/// The half of a join token that must stay secret until it is used: 160 random bits. Never printed or encoded by itself;
/// `reveal()` is the only way out.
public struct JoinSecret: Sendable, CustomStringConvertible, CustomReflectable {
    /// 160 bits: whole groups of base 32, and beyond guessing.
    static let byteCount = 20

    private let bytes: SecretBytes

    /// A new random secret.
    /// - Throws: `SecurityError` `native` when the system has no randomness to give.
    public static func generate() throws(SecurityError) -> JoinSecret {
        var bytes = [UInt8](repeating: 0, count: byteCount)
        defer { bytes.withUnsafeMutableBytes { OPENSSL_cleanse($0.baseAddress, $0.count) } }
        guard RAND_bytes(&bytes, Int32(bytes.count)) == 1 else {
            throw SecurityError(.native, "the system gave no random bytes; is /dev/urandom there?")
        }
        return JoinSecret(copying: bytes)
    }

    /// Reads what `reveal()` writes.
    /// - Throws: `SecurityError` `invalid-token`.
    public init(parsing text: some StringProtocol) throws(SecurityError) {
        guard var bytes = Base32.decode(text.utf8), bytes.count == Self.byteCount else {
            throw SecurityError(
                .invalidToken,
                "the secret of a join token is 32 characters of a-z and 2-7; copy the token again, in full")
        }
        self.init(copying: bytes)
        bytes.withUnsafeMutableBytes { OPENSSL_cleanse($0.baseAddress, $0.count) }
    }

    private init(copying bytes: [UInt8]) {
        self.bytes = bytes.withUnsafeBytes { SecretBytes(copying: $0) }
    }

    /// The secret as text, for the one message or screen it is made for.
    public func reveal() -> String { bytes.withUnsafeBytes { Base32.encode($0) } }

    /// What the core keeps instead of the secret.
    public var digest: TokenDigest {
        bytes.withUnsafeBytes { TokenDigest(sha256: SHA256.digest($0)) }
    }

    public var description: String { "<secret>" }
    public var customMirror: Mirror { Mirror(self, children: []) }
}
