/// One question of libzmq to the authenticator: may the holder of this key connect? (ZAP 1.0, ZeroMQ RFC 27.)
struct AuthenticationRequest: Sendable, Hashable {
    /// More parts than any request has; further ones are thrown away unread.
    static let maximumParts = 16
    /// Longer than any field of a request.
    static let maximumPartBytes = 512

    /// Repeated in the answer.
    let requestID: [UInt8]
    let domain: String
    /// The peer's network address, for people.
    let address: String
    let key: PublicKey

    /// Reads `version, request id, domain, address, identity, mechanism, key`.
    /// - Returns: `nil` unless `parts` is a well-formed request for the CURVE mechanism.
    init?(parts: [[UInt8]]) {
        guard parts.count == 7, parts.allSatisfy({ $0.count <= Self.maximumPartBytes }),
            parts[0] == Array("1.0".utf8), parts[5] == Array("CURVE".utf8), let key = PublicKey(bytes: parts[6])
        else { return nil }
        requestID = parts[1]
        domain = String(decoding: parts[2], as: UTF8.self)
        address = String(decoding: parts[3], as: UTF8.self)
        self.key = key
    }
}
