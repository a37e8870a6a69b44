/// The authenticator's answer to one request.
enum AuthenticationVerdict: Sendable, Hashable {
    /// Admitted; every message of the connection carries `userID` and the key.
    case admitted(userID: String, key: PublicKey)
    /// Not admitted; the peer is told and does not come back by itself.
    case denied
    /// Not admitted now; the peer may come back.
    case postponed
    /// The request itself was no ZAP request.
    case malformed

    var status: String {
        switch self {
        case .admitted: "200"
        case .postponed: "300"
        case .denied: "400"
        case .malformed: "500"
        }
    }

    var text: String {
        switch self {
        case .admitted: "OK"
        case .postponed: "try again later"
        case .denied: "not admitted"
        case .malformed: "malformed request"
        }
    }

    /// The label under which the verdict is counted.
    var label: String {
        switch self {
        case .admitted: "admitted"
        case .postponed: "postponed"
        case .denied: "denied"
        case .malformed: "malformed"
        }
    }

    /// The parts of the answer to the request with `requestID`.
    func parts(requestID: [UInt8]) -> [[UInt8]] {
        var userID = ""
        var metadata: [UInt8] = []
        if case .admitted(let name, let key) = self {
            userID = name
            metadata = Self.property(ConnectionProperty.key, key.z85)
        }
        return [Array("1.0".utf8), requestID, Array(status.utf8), Array(text.utf8), Array(userID.utf8), metadata]
    }

    /// A property as ZMTP writes it: length of the name (1 byte), name, length of the value (4 bytes, big-endian), value.
    private static func property(_ name: String, _ value: String) -> [UInt8] {
        let length = withUnsafeBytes(of: UInt32(value.utf8.count).bigEndian) { Array($0) }
        return [UInt8(name.utf8.count)] + Array(name.utf8) + length + Array(value.utf8)
    }
}
