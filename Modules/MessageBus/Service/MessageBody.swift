import Contracts
import FoundationEssentials

/// A body on its way: JSON between processes, the value itself within one.
enum MessageBody: Sendable {
    case encoded(Data)
    case value(any Sendable)

    /// Bytes of JSON; 0 for a value.
    var count: Int { if case .encoded(let data) = self { data.count } else { 0 } }

    /// The body as a `Body`.
    /// - Throws: `BusError` `malformed` when it is not one.
    func decode<Body: Decodable>(_ type: Body.Type, subject: String) throws(BusError) -> Body {
        switch self {
        case .value(let value):
            guard let body = value as? Body else {
                throw BusError(
                    .malformed, "'\(subject)' carries \(Swift.type(of: value)) here and \(type) there; use one contract"
                )
            }
            return body
        case .encoded(let data):
            if type == Empty.self, let empty = Empty() as? Body { return empty }
            do { return try BodyDecoder.decode(type, from: data) } catch {
                throw BusError(.malformed, "the body of '\(subject)' is not a \(type): \(Self.explain(error))")
            }
        }
    }

    /// The JSON of `body`.
    /// - Throws: `BusError` `malformed` when it cannot be written as JSON, `too-large` past `limit` bytes.
    static func encode(_ body: some Encodable, subject: String, limit: Int) throws(BusError) -> Data {
        if body is Empty { return emptyObject }
        let data: Data
        do { data = Data(try BodyEncoder.encode(body)) } catch {
            throw BusError(.malformed, "the body of '\(subject)' cannot be written as JSON: \(error)")
        }
        guard data.count <= limit else {
            throw BusError(
                .tooLarge,
                "the body of '\(subject)' has \(data.count) bytes and its lane allows \(limit); send bulk as attachments"
            )
        }
        return data
    }

    private static let emptyObject = Data("{}".utf8)

    /// Where in the JSON, and what is wrong there.
    private static func explain(_ error: any Error) -> String {
        guard let error = error as? DecodingError else { return String(describing: error) }
        switch error {
        case .typeMismatch(_, let context), .valueNotFound(_, let context), .dataCorrupted(let context):
            return "\(path(context.codingPath)): \(context.debugDescription)"
        case .keyNotFound(let key, let context):
            return "\(path(context.codingPath)): the field '\(key.stringValue)' is missing"
        @unknown default: return String(describing: error)
        }
    }

    private static func path(_ keys: [any CodingKey]) -> String {
        keys.isEmpty ? "at the top" : "at " + keys.map(\.stringValue).joined(separator: ".")
    }
}
