public import Core

/// One request, as often as it is attempted.
public struct HTTPRequest: Sendable {
    /// What is sent along.
    public enum Body: Sendable {
        case none
        case bytes(HTTPBytes)
        /// Written while it is sent, with bounded memory; `length` is unknown for chunked encoding. The closure runs once for
        /// each attempt, and must write exactly `length` bytes.
        case stream(length: Int?, write: @Sendable (HTTPBodyWriter) async throws -> Void)
    }

    /// What to do with an answer that names another place.
    public enum Redirects: Sendable, Hashable {
        /// It is an error.
        case refuse
        /// Goes there, at most so many times, never from HTTPS to HTTP; for GET and HEAD without a signature only.
        case follow(maximum: Int)
    }

    public var method: HTTPMethod
    /// `http://` or `https://`, host, path and query, percent-encoded as they are to be sent; no user or password.
    public var url: String
    public var headers: HTTPHeaders
    public var body: Body
    /// Signs the request, `host`, and the headers given here.
    public var signature: AWSSignature?
    public var redirects = Redirects.refuse
    /// How patiently it is tried again; `nil` is once. Only requests that are idempotent are.
    public var retry: RetryPolicy?
    /// How long nothing may move in either direction; `nil` for the client's.
    public var idleTimeout: Duration?
    /// How long the request may take until its answer's head is here, for each attempt; `nil` for no bound.
    public var timeout: Duration?

    public init(
        _ method: HTTPMethod, _ url: String, headers: HTTPHeaders = [:], body: Body = .none, retry: RetryPolicy? = nil
    ) {
        self.method = method
        self.url = url
        self.headers = headers
        self.body = body
        self.retry = retry
    }
}
