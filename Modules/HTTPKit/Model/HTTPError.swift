public import Core

/// Why an HTTP request brought no answer. A message names the method, the host and the path; never a query, a header or a
/// password.
public struct HTTPError: ModuleError {
    /// What kind of failure; the raw value is the error's stable code.
    public enum Kind: String, Sendable, CaseIterable {
        /// A URL, header or option that cannot be sent.
        case invalidRequest = "invalid-request"
        /// The host has no address, refuses connections, or hung up before its answer was whole.
        case connection
        /// Nothing moved for too long, or the request took longer than it may.
        case timedOut = "timed-out"
        /// The host's certificate is not trusted, or no cipher is shared.
        case tls
        /// An answer larger than the caller accepts.
        case tooLarge = "too-large"
        /// The answer sends the client elsewhere, where this request may not go.
        case redirected
        /// What came is not HTTP.
        case protocolViolation = "protocol-violation"
        /// The server answered with a status that may pass, as often as it was asked.
        case unavailable
        /// The client was closed.
        case closed
        /// libcurl is not installed, or too old for what is asked.
        case libraryMissing = "libcurl-unavailable"
    }

    public let kind: Kind
    public let message: String
    public let cause: (any Error)?
    public let isRetriable: Bool
    public var code: String { kind.rawValue }

    public init(_ kind: Kind, _ message: String, cause: (any Error)? = nil, isRetriable: Bool = false) {
        self.kind = kind
        self.message = message
        self.cause = cause
        self.isRetriable = isRetriable
    }
}
