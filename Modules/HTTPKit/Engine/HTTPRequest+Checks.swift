import Core

extension HTTPRequest {
    /// What may not be sent: header fields that would end a line, lengths that cannot be.
    /// - Throws: `HTTPError` `invalid-request`.
    func check() throws(HTTPError) {
        for field in headers.fields {
            let isName = !field.name.isEmpty && field.name.utf8.allSatisfy(Self.isToken)
            let isValue = field.value.utf8.allSatisfy { $0 == 0x09 || ($0 >= 0x20 && $0 != 0x7f) }
            guard isName, isValue else {
                throw HTTPError(.invalidRequest, "header field '\(field.name.prefix(80))' holds what no header may")
            }
        }
        switch body {
        case .none: break
        case .bytes: try checkTakesBody()
        case .stream(let length, _):
            try checkTakesBody()
            guard length ?? 0 >= 0 else { throw HTTPError(.invalidRequest, "a body of \(length ?? 0) bytes") }
        }
        if case .follow = redirects {
            guard signature == nil, method == .get || method == .head else {
                throw HTTPError(
                    .invalidRequest,
                    "only GET and HEAD without a signature may follow a redirect; set redirects to .refuse")
            }
        }
    }

    private func checkTakesBody() throws(HTTPError) {
        guard method == .put || method == .post else {
            throw HTTPError(.invalidRequest, "\(method.rawValue) takes no body")
        }
    }

    /// The bytes of a header's name (RFC 9110, `token`).
    private static func isToken(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"):
            true
        default: "!#$%&'*+-.^_`|~".utf8.contains(byte)
        }
    }
}
