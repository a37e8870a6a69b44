/// An answer: its head, and its body as it arrives.
public struct HTTPResponse: Sendable {
    public let status: Int
    public let headers: HTTPHeaders
    /// To be read once. The connection is closed if it is released before its end.
    public let body: HTTPResponseBody

    /// The body's length as the server announced it.
    public var contentLength: Int? { headers["Content-Length"].flatMap { Int($0) } }
}

/// Status and header fields of an answer.
struct HTTPResponseHead: Sendable {
    var status: Int
    var headers: HTTPHeaders
}
