import CCrypto

/// A signing key on disk: a small text file that only its owner can read.
///
/// ```
/// # GEdge signing key (Ed25519). Whoever reads this file can sign for this daemon.
/// public <64 hexadecimal digits>
/// secret <64 hexadecimal digits>
/// ```
public struct SigningKeyFile: Sendable {
    private static let characters = 2 * SigningKey.byteCount

    public let path: String

    public init(_ path: String) { self.path = path }

    /// The key in the file; a new one is made and written when there is no file yet.
    /// - Throws: as `load()`; `SecurityError` `io`.
    public func loadOrCreate() throws(SecurityError) -> SigningKey {
        do { return try load() } catch {
            guard error.code == SecurityError.Code.missingKey.rawValue else { throw error }
        }
        let key = try SigningKey.generate()
        do { try create(key) } catch {
            // Another process of the same daemon made it in between.
            guard error.code == SecurityError.Code.keyExists.rawValue else { throw error }
            return try load()
        }
        return key
    }

    /// - Throws: `SecurityError`: `missing-key`, `exposed-key` when others than the owner can read or write the file,
    ///   `invalid-key`, `io`.
    public func load() throws(SecurityError) -> SigningKey {
        let file = PrivateFile(path: path)
        let halves = try file.load(characters: Self.characters) { Hexadecimal.decode($0) != nil }
        let key = try halves.secret.withUnsafeBytes { text throws(SecurityError) -> SigningKey in
            guard var bytes = Hexadecimal.decode(text) else {
                throw SecurityError(.invalidKey, "\(path): the secret is not hexadecimal; restore the file")
            }
            defer { bytes.withUnsafeMutableBytes { OPENSSL_cleanse($0.baseAddress, $0.count) } }
            return try SigningKey(secret: bytes.withUnsafeBytes { SecretBytes(copying: $0) })
        }
        guard key.verifyingKey.hexadecimal.utf8.elementsEqual(halves.publicText) else { throw file.mismatch }
        return key
    }

    /// Writes `key` to the file, which must not exist yet, with mode 0600; durable when this returns.
    /// - Throws: `SecurityError`: `key-exists`, `io`.
    func create(_ key: SigningKey) throws(SecurityError) {
        let intro = "# GEdge signing key (Ed25519). Whoever reads this file can sign for this daemon.\n"
        var text = Array("\(intro)public \(key.verifyingKey.hexadecimal)\nsecret ".utf8)
        text.reserveCapacity(text.count + Self.characters + 1)
        defer { text.withUnsafeMutableBytes { OPENSSL_cleanse($0.baseAddress, $0.count) } }
        key.withSecret { bytes in
            var digits = Hexadecimal.encode(bytes)
            text += digits
            digits.withUnsafeMutableBytes { OPENSSL_cleanse($0.baseAddress, $0.count) }
        }
        text.append(UInt8(ascii: "\n"))
        try PrivateFile(path: path).create(text)
    }
}
