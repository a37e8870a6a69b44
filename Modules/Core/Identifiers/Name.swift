/// A name a person chose for a resource: a DNS label (RFC 1123), so that it is safe in paths, subjects and URLs.
public struct Name: Hashable, Sendable, Comparable, Codable, CustomStringConvertible {
    public let text: String

    /// The name `text`, or an error that says what is wrong with it.
    /// - Throws: `NameError` unless `text` is 1 to 63 of `a-z 0-9 -`, starting and ending with a letter or digit.
    public init(_ text: String) throws(NameError) {
        guard Self.isValid(text) else { throw NameError(text) }
        self.text = text
    }

    public static func isValid(_ text: String) -> Bool {
        let bytes = Array(text.utf8)
        guard (1...63).contains(bytes.count), bytes.first != UInt8(ascii: "-"), bytes.last != UInt8(ascii: "-") else {
            return false
        }
        return bytes.allSatisfy { byte in
            (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte)
                || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) || byte == UInt8(ascii: "-")
        }
    }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        let text = try container.decode(String.self)
        do { self = try Name(text) } catch {
            throw DecodingError.dataCorrupted(
                .init(codingPath: decoder.codingPath, debugDescription: error.message, underlyingError: error))
        }
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(text)
    }

    public var description: String { text }
    public static func < (left: Name, right: Name) -> Bool { left.text < right.text }
}

/// A name that is not a DNS label.
public struct NameError: ModuleError {
    public let code = "invalid-name"
    public let message: String
    public var cause: (any Error)? { nil }
    public var isRetriable: Bool { false }

    init(_ text: String) {
        message =
            "'\(text.prefix(80))' is not a valid name: use 1 to 63 lower-case letters, digits and '-', "
            + "starting and ending with a letter or digit"
    }
}
