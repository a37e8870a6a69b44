/// What is asked of a resource (RFC 9110, section 9).
public enum HTTPMethod: String, Sendable, Hashable {
    case get = "GET"
    case head = "HEAD"
    case put = "PUT"
    case post = "POST"
    case delete = "DELETE"

    /// Whether the same request twice has the effect of one.
    public var isIdempotent: Bool { self != .post }
}
