/// A URL that was looked at before it is sent anywhere.
struct HTTPTarget: Sendable, Hashable {
    let url: String
    let isSecure: Bool
    /// Host and port.
    let authority: String
    /// What an error may show: without the query.
    let display: String

    /// - Throws: `HTTPError` `invalid-request`.
    init(_ url: String) throws(HTTPError) {
        // Letters above ASCII, blanks and control characters must come percent-encoded.
        guard url.utf8.count <= 8192, url.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7f }) else {
            throw HTTPError(.invalidRequest, "a URL has at most 8192 characters, all of them visible ASCII")
        }
        let scheme: String
        if url.hasPrefix("https://") { scheme = "https://" } else { scheme = "http://" }
        guard url.hasPrefix(scheme) else {
            throw HTTPError(.invalidRequest, "a URL must begin with http:// or https://")
        }
        let rest = url.dropFirst(scheme.count)
        let authority = rest.prefix { $0 != "/" && $0 != "?" && $0 != "#" }
        guard !authority.isEmpty, !authority.contains("@"), !authority.contains("\\"), !rest.contains("#") else {
            throw HTTPError(
                .invalidRequest, "a URL must name a host, and neither a user, a password nor a fragment")
        }
        self.url = url
        isSecure = scheme == "https://"
        self.authority = String(authority)
        display = scheme + rest.prefix { $0 != "?" }
    }
}
