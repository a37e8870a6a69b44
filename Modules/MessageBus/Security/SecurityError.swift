public import Core

/// What went wrong with a key, a key file, a token or the authenticator. No message ever holds a secret.
public struct SecurityError: ModuleError {
    public let code: String
    public let message: String
    public let cause: (any Error)?
    public let isRetriable: Bool

    init(_ code: Code, _ message: String, cause: (any Error)? = nil) {
        self.code = code.rawValue
        self.message = message
        self.cause = cause
        isRetriable = false
    }

    /// The stable words.
    public enum Code: String, Sendable {
        /// Text that is no key, or halves that do not belong together.
        case invalidKey = "invalid-key"
        /// A key file that others than its owner can read or write.
        case exposedKey = "exposed-key"
        /// A key file that does not exist.
        case missingKey = "missing-key"
        /// A key file that exists where one was to be made.
        case keyExists = "key-exists"
        /// A file that cannot be read or written.
        case inputOutput = "io"
        /// Text that is no join token.
        case invalidToken = "invalid-token"
        /// libzmq or libcrypto refused.
        case native = "native"
    }
}
