import CCurl

extension HTTPError {
    /// What a transfer that libcurl gave up means.
    /// - Parameter said: libcurl's own sentence.
    init(_ code: CURLcode, said: String, request: String) {
        switch code {
        case CURLE_COULDNT_RESOLVE_HOST, CURLE_COULDNT_RESOLVE_PROXY, CURLE_COULDNT_CONNECT, CURLE_SEND_ERROR,
            CURLE_RECV_ERROR, CURLE_GOT_NOTHING, CURLE_PARTIAL_FILE, CURLE_SEND_FAIL_REWIND:
            self.init(.connection, "\(request): \(said)", isRetriable: true)
        case CURLE_OPERATION_TIMEDOUT: self.init(.timedOut, "\(request): \(said)", isRetriable: true)
        case CURLE_PEER_FAILED_VERIFICATION, CURLE_SSL_CACERT_BADFILE, CURLE_SSL_CONNECT_ERROR, CURLE_SSL_CERTPROBLEM,
            CURLE_SSL_CIPHER, CURLE_SSL_ISSUER_ERROR, CURLE_SSL_INVALIDCERTSTATUS:
            self.init(
                .tls,
                "\(request): \(said); if the server's certificate has an authority of its own, name that authority's "
                    + "certificate file (caFile)")
        case CURLE_TOO_MANY_REDIRECTS, CURLE_UNSUPPORTED_PROTOCOL: self.init(.redirected, "\(request): \(said)")
        case CURLE_URL_MALFORMAT: self.init(.invalidRequest, "\(request): \(said)")
        case CURLE_WEIRD_SERVER_REPLY, CURLE_UNSUPPORTED_PROTOCOL, CURLE_BAD_CONTENT_ENCODING:
            self.init(.protocolViolation, "\(request): \(said)")
        default: self.init(.connection, "\(request): \(said) (libcurl \(code.rawValue))")
        }
    }
}
