import CCrypto
import CZeroMQ

/// A CURVE key pair (Curve25519): the identity of one daemon. The secret half never prints, encodes or leaves this type
/// except to a socket or a key file, and its memory is wiped on release.
public final class KeyPair: Sendable, CustomStringConvertible, CustomReflectable {
    /// Characters of one half in Z85.
    static let z85Count = 40

    public let publicKey: PublicKey
    /// 40 characters of Z85 and a terminating zero.
    private let secret: SecretBytes

    /// The pair whose secret half is `secret`, 40 characters of Z85; the public half is computed from it.
    /// - Throws: `SecurityError` `invalid-key`.
    init(secretZ85 secret: UnsafeRawBufferPointer) throws(SecurityError) {
        var text = [UInt8](repeating: 0, count: Self.z85Count + 1)
        var computed = [CChar](repeating: 0, count: Self.z85Count + 1)
        defer { text.withUnsafeMutableBytes { OPENSSL_cleanse($0.baseAddress, $0.count) } }
        guard secret.count == Self.z85Count, var bytes = Z85.decode(secret) else {
            throw SecurityError(.invalidKey, "a secret key is 40 characters of Z85; make a new key pair")
        }
        bytes.withUnsafeMutableBytes { OPENSSL_cleanse($0.baseAddress, $0.count) }
        text.withUnsafeMutableBytes { $0.copyMemory(from: secret) }
        let status = text.withUnsafeBufferPointer { text in
            text.withMemoryRebound(to: CChar.self) { zmq_curve_public(&computed, $0.baseAddress) }
        }
        let half = computed.prefix(Self.z85Count).map { UInt8(bitPattern: $0) }
        guard status == 0, let publicKey = PublicKey(z85: String(decoding: half, as: UTF8.self)) else {
            throw SecurityError(.native, "libzmq cannot use CURVE keys; install a libzmq that was built with libsodium")
        }
        self.publicKey = publicKey
        self.secret = text.withUnsafeBytes { SecretBytes(copying: $0) }
    }

    /// A new random pair.
    /// - Throws: `SecurityError` `native` when libzmq was built without CURVE.
    public static func generate() throws(SecurityError) -> KeyPair {
        var publicText = [CChar](repeating: 0, count: z85Count + 1)
        var secretText = [CChar](repeating: 0, count: z85Count + 1)
        defer { secretText.withUnsafeMutableBytes { OPENSSL_cleanse($0.baseAddress, $0.count) } }
        guard zmq_curve_keypair(&publicText, &secretText) == 0 else {
            throw SecurityError(
                .native, "libzmq cannot make CURVE keys; install a libzmq that was built with libsodium")
        }
        let secret = secretText.withUnsafeBytes {
            SecretBytes(copying: UnsafeRawBufferPointer(rebasing: $0.prefix(z85Count)))
        }
        return try secret.withUnsafeBytes { bytes throws(SecurityError) in try KeyPair(secretZ85: bytes) }
    }

    /// Lends the secret half as a C string of 40 characters, as `ZMQ_CURVE_SECRETKEY` wants it.
    package func withSecretZ85<Result>(_ body: (UnsafePointer<CChar>) throws -> Result) rethrows -> Result {
        try secret.withUnsafeBytes { bytes in
            try bytes.withMemoryRebound(to: CChar.self) { characters in
                guard let base = characters.baseAddress else { preconditionFailure("a secret key is never empty") }
                return try body(base)
            }
        }
    }

    public var description: String { "KeyPair(public: \(publicKey), secret: <secret>)" }
    public var customMirror: Mirror { Mirror(self, children: ["publicKey": publicKey]) }
}
