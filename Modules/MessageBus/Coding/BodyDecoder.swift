import FoundationEssentials

/// Reads a body's JSON into its type.
///
/// Foundation's decoder does the same in three to four times the time, which for a small call is most of what the bus costs.
package enum BodyDecoder {
    /// Reads JSON that came otherwise than as a body.
    /// - Throws: `DecodingError`.
    package static func decode<Value: Decodable>(_ type: Value.Type, from bytes: UnsafeRawBufferPointer) throws -> Value
    {
        try decode(type, from: Data(bytes))
    }

    /// - Throws: `DecodingError`.
    static func decode<Value: Decodable>(_ type: Value.Type, from data: Data) throws -> Value {
        let tape: JSONTape
        do { tape = try JSONTape([UInt8](data)) } catch {
            throw DecodingError.dataCorrupted(
                .init(codingPath: [], debugDescription: "no JSON at byte \(error.offset): \(error.reason)"))
        }
        return try TapeReader(tape).decode(type, at: 0)
    }
}

/// A tape and where in it the reading is.
final class TapeReader {
    let tape: JSONTape
    /// The names and places that lead to the value being read, for errors.
    var path: [any CodingKey] = []

    init(_ tape: JSONTape) { self.tape = tape }

    func kind(_ index: Int) -> JSONTape.Kind { tape.tokens[index].kind }

    func decode<Value: Decodable>(_ type: Value.Type, at index: Int) throws -> Value {
        if type == Data.self, let value = try data(at: index) as? Value { return value }
        return try Value(from: TapeDecoder(reader: self, index: index))
    }

    /// As Foundation writes it: base64.
    private func data(at index: Int) throws -> Data {
        guard let data = Data(base64Encoded: try string(at: index)) else {
            throw DecodingError.dataCorrupted(.init(codingPath: path, debugDescription: "bytes are base64"))
        }
        return data
    }

    func bool(at index: Int) throws -> Bool {
        switch kind(index) {
        case .yes: return true
        case .no: return false
        default: throw mismatch(Bool.self, at: index)
        }
    }

    func string(at index: Int) throws -> String {
        guard kind(index) == .string || kind(index) == .escapedString else { throw mismatch(String.self, at: index) }
        guard let text = tape.string(index) else {
            throw DecodingError.dataCorrupted(.init(codingPath: path, debugDescription: "the string is not Unicode"))
        }
        return text
    }

    func integer<Number: FixedWidthInteger>(_ type: Number.Type, at index: Int) throws -> Number {
        guard kind(index) == .number else { throw mismatch(type, at: index) }
        guard let value = tape.integer(index, as: type) else {
            throw DecodingError.dataCorrupted(
                .init(codingPath: path, debugDescription: "the number is not a whole one that fits \(type)"))
        }
        return value
    }

    func floating<Number: BinaryFloatingPoint & LosslessStringConvertible>(
        _ type: Number.Type, at index: Int
    ) throws -> Number {
        guard kind(index) == .number || kind(index) == .string else { throw mismatch(type, at: index) }
        guard let value = tape.floating(index, as: type) else {
            throw DecodingError.dataCorrupted(
                .init(codingPath: path, debugDescription: "the number does not fit \(type)"))
        }
        return value
    }

    func mismatch(_ type: Any.Type, at index: Int) -> DecodingError {
        let context = DecodingError.Context(
            codingPath: path, debugDescription: "expected \(type), found \(kind(index))")
        return kind(index) == .null ? .valueNotFound(type, context) : .typeMismatch(type, context)
    }

    /// Runs `body` with `key` added to the path.
    func at<Result>(_ key: any CodingKey, _ body: () throws -> Result) throws -> Result {
        path.append(key)
        let result = try body()
        // After an error the path stays as it is: the error has a copy, and nobody reads on.
        path.removeLast()
        return result
    }
}

/// One value of a tape as a `Decoder`.
struct TapeDecoder: Decoder {
    let reader: TapeReader
    let index: Int

    var codingPath: [any CodingKey] { reader.path }
    var userInfo: [CodingUserInfoKey: Any] { [:] }

    func container<Key: CodingKey>(keyedBy type: Key.Type) throws -> KeyedDecodingContainer<Key> {
        KeyedDecodingContainer(try TapeObject<Key>(reader, index))
    }

    func unkeyedContainer() throws -> any UnkeyedDecodingContainer { try TapeArray(reader, index) }

    func singleValueContainer() throws -> any SingleValueDecodingContainer { TapeValue(reader: reader, index: index) }
}

/// A place in an array, as a path names it.
struct PlaceKey: CodingKey {
    let place: Int

    init(_ place: Int) { self.place = place }
    init?(stringValue: String) { nil }
    init?(intValue: Int) { place = intValue }

    var stringValue: String { "[\(place)]" }
    var intValue: Int? { place }
}
