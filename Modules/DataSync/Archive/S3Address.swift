/// The URLs of a bucket and its objects.
struct S3Address: Sendable {
    private let base: String

    /// - Throws: `DataSyncError` `invalid-request` for names that S3 does not know.
    init(_ configuration: S3Configuration) throws(DataSyncError) {
        let endpoint = configuration.endpoint
        let scheme = endpoint.hasPrefix("https://") ? "https://" : "http://"
        var host = endpoint.dropFirst(scheme.count)
        if host.hasSuffix("/") { host.removeLast() }
        guard endpoint.hasPrefix(scheme), !host.isEmpty, host.utf8.allSatisfy(Self.isHost) else {
            throw DataSyncError(
                .invalidRequest,
                "'\(endpoint.prefix(200))' is no endpoint of an object store; write https://HOST or https://HOST:PORT")
        }
        let bucket = configuration.bucket
        guard (3...63).contains(bucket.utf8.count), bucket.utf8.allSatisfy(Self.isBucket),
            bucket.first != "-", bucket.first != ".", bucket.last != "-", bucket.last != "."
        else {
            throw DataSyncError(
                .invalidRequest,
                "'\(bucket.prefix(80))' is no bucket: 3 to 63 lower-case letters, digits, dots and hyphens")
        }
        guard !configuration.region.isEmpty, configuration.region.utf8.allSatisfy(Self.isBucket) else {
            throw DataSyncError(
                .invalidRequest, "'\(configuration.region.prefix(80))' is no region; write one such as us-east-1")
        }
        base =
            switch configuration.addressing {
            case .path: "\(scheme)\(host)/\(bucket)/"
            case .virtualHost: "\(scheme)\(bucket).\(host)/"
            }
    }

    /// The URL of an object, or of the bucket for an empty key. The query is in the order of its names, as it is signed.
    func url(key: String, query: [(name: String, value: String)]) -> String {
        var url = base + Self.encoded(key, keepingSlashes: true)
        var separator = "?"
        for (name, value) in query.sorted(by: { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }) {
            url +=
                separator + Self.encoded(name, keepingSlashes: false) + "=" + Self.encoded(value, keepingSlashes: false)
            separator = "&"
        }
        return url
    }

    /// Percent-encoding as signatures want it: all but letters, digits and `-._~`, in upper-case hexadecimal.
    static func encoded(_ text: String, keepingSlashes: Bool) -> String {
        let digits = Array("0123456789ABCDEF".utf8)
        var out: [UInt8] = []
        out.reserveCapacity(text.utf8.count)
        for byte in text.utf8 {
            if isUnreserved(byte) || (keepingSlashes && byte == UInt8(ascii: "/")) {
                out.append(byte)
            } else {
                out += [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
            }
        }
        return String(decoding: out, as: UTF8.self)
    }

    /// What percent-encoding meant, or `nil` for what is none.
    static func decoded(_ text: String) -> String? {
        var out: [UInt8] = []
        var rest = text.utf8[...]
        while let byte = rest.popFirst() {
            switch byte {
            case UInt8(ascii: "+"): out.append(UInt8(ascii: " "))
            case UInt8(ascii: "%"):
                guard let digits = String(rest.prefix(2)), digits.utf8.count == 2, let value = UInt8(digits, radix: 16)
                else { return nil }
                out.append(value)
                rest = rest.dropFirst(2)
            default: out.append(byte)
            }
        }
        return String(validating: out, as: UTF8.self)
    }

    private static func isUnreserved(_ byte: UInt8) -> Bool {
        isAlphanumeric(byte) || "-._~".utf8.contains(byte)
    }

    private static func isHost(_ byte: UInt8) -> Bool { isAlphanumeric(byte) || "-.:[]".utf8.contains(byte) }

    private static func isBucket(_ byte: UInt8) -> Bool {
        (isAlphanumeric(byte) && !(UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte)) || "-.".utf8.contains(byte)
    }

    private static func isAlphanumeric(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"):
            true
        default: false
        }
    }
}
