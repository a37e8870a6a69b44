/// What an operator hands to a new edge: the core's public key, so that the edge knows whom it talks to, and a secret that
/// is good for one enrolment.
///
/// Text form: `gedge-join-1.<server key>.<secret>`, both in lower-case base 32 without padding, 52 and 32 characters.
/// `description` hides the secret.
public struct JoinToken: Sendable, CustomStringConvertible, CustomReflectable {
    /// What every token of this version starts with.
    public static let prefix = "gedge-join-1"

    public let serverKey: PublicKey
    public let secret: JoinSecret

    public init(serverKey: PublicKey, secret: JoinSecret) {
        self.serverKey = serverKey
        self.secret = secret
    }

    /// A token with a new random secret for the core with `serverKey`.
    /// - Throws: `SecurityError` `native`.
    public static func generate(serverKey: PublicKey) throws(SecurityError) -> JoinToken {
        JoinToken(serverKey: serverKey, secret: try .generate())
    }

    /// Reads what `reveal()` writes; white space around it is ignored.
    /// - Throws: `SecurityError` `invalid-token`, which says what is wrong without repeating the text.
    public init(parsing text: String) throws(SecurityError) {
        let words = text.split(whereSeparator: \.isWhitespace)
        guard words.count == 1, let word = words.first else {
            throw SecurityError(.invalidToken, "a join token is one word, '\(Self.prefix).<key>.<secret>'")
        }
        let parts = word.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.first.map(String.init) == Self.prefix else {
            let version = parts.first?.hasPrefix("gedge-join-") == true
            throw SecurityError(
                .invalidToken,
                version
                    ? "the join token is of another version; this program reads '\(Self.prefix)'. Update the older side"
                    : "a join token starts with '\(Self.prefix).'; 'gedge token create' on the core prints one")
        }
        guard parts.count == 3 else {
            throw SecurityError(
                .invalidToken, "a join token has 3 parts joined by '.', this one \(parts.count); copy it again, in full"
            )
        }
        guard let bytes = Base32.decode(parts[1].utf8), let serverKey = PublicKey(bytes: bytes) else {
            throw SecurityError(
                .invalidToken,
                "the key in the join token is not 52 characters of a-z and 2-7; copy the token again, in full")
        }
        self.serverKey = serverKey
        secret = try JoinSecret(parsing: parts[2])
    }

    /// The whole token as text: a secret until it is used.
    public func reveal() -> String { "\(Self.prefix).\(keyText).\(secret.reveal())" }

    private var keyText: String { serverKey.bytes.withUnsafeBytes { Base32.encode($0) } }

    public var description: String { "\(Self.prefix).\(keyText).<secret>" }
    public var customMirror: Mirror { Mirror(self, children: ["serverKey": serverKey]) }
}
