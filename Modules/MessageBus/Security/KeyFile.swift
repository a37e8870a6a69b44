import CCrypto

/// A key pair on disk: a small text file that only its owner can read.
///
/// ```
/// # GEdge key pair. Whoever reads this file can pass for this daemon.
/// public <40 characters of Z85>
/// secret <40 characters of Z85>
/// ```
/// The public line is for people and scripts; it must belong to the secret.
public struct KeyFile: Sendable {
    public let path: String

    public init(_ path: String) { self.path = path }

    /// The pair in the file; a new pair is made and written when there is no file yet.
    /// - Throws: as `load()` and `create(_:)`.
    public func loadOrCreate() throws(SecurityError) -> KeyPair {
        do { return try load() } catch {
            guard error.code == SecurityError.Code.missingKey.rawValue else { throw error }
        }
        let pair = try KeyPair.generate()
        do { try create(pair) } catch {
            // Another process of the same daemon made it in between: that one is the identity.
            guard error.code == SecurityError.Code.keyExists.rawValue else { throw error }
            return try load()
        }
        return pair
    }

    /// Reads the pair.
    /// - Throws: `SecurityError`: `missing-key`, `exposed-key` when others than the owner can read or write the file,
    ///   `invalid-key`, `io`.
    public func load() throws(SecurityError) -> KeyPair {
        let file = PrivateFile(path: path)
        let halves = try file.load(characters: KeyPair.z85Count) { text in
            Z85.decode(text).flatMap { PublicKey(bytes: $0) } != nil
        }
        let pair = try halves.secret.withUnsafeBytes { bytes throws(SecurityError) in try KeyPair(secretZ85: bytes) }
        guard pair.publicKey.z85.utf8.elementsEqual(halves.publicText) else { throw file.mismatch }
        return pair
    }

    /// Writes `pair` to the file, which must not exist yet, with mode 0600; durable when this returns.
    /// - Throws: `SecurityError`: `key-exists`, `io`.
    public func create(_ pair: KeyPair) throws(SecurityError) {
        let intro =
            "# GEdge key pair. Whoever reads this file can pass for this daemon.\npublic \(pair.publicKey.z85)\n"
        var text = Array("\(intro)secret ".utf8)
        text.reserveCapacity(text.count + KeyPair.z85Count + 1)
        defer { text.withUnsafeMutableBytes { OPENSSL_cleanse($0.baseAddress, $0.count) } }
        pair.withSecretZ85 {
            for index in 0..<KeyPair.z85Count { text.append(UInt8(bitPattern: $0[index])) }
        }
        text.append(UInt8(ascii: "\n"))
        try PrivateFile(path: path).create(text)
    }
}
