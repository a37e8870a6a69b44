/// An array of a tape, read from its first element on.
struct TapeArray: UnkeyedDecodingContainer {
    private let reader: TapeReader
    private let elements: Int
    private var place: Int
    private(set) var currentIndex = 0

    init(_ reader: TapeReader, _ index: Int) throws {
        guard reader.kind(index) == .array else { throw reader.mismatch([Any].self, at: index) }
        self.reader = reader
        elements = Int(reader.tape.tokens[index].count)
        place = index + 1
    }

    var codingPath: [any CodingKey] { reader.path }
    var count: Int? { elements }
    var isAtEnd: Bool { currentIndex == elements }

    /// Reads the next element with `body`, and goes on to the one after unless it throws.
    private mutating func next<Result>(_ type: Any.Type, _ body: (Int) throws -> Result) throws -> Result {
        guard !isAtEnd else {
            throw DecodingError.valueNotFound(
                type, .init(codingPath: reader.path, debugDescription: "the array has only \(elements) elements"))
        }
        let result = try reader.at(PlaceKey(currentIndex)) { try body(place) }
        place = Int(reader.tape.tokens[place].next)
        currentIndex += 1
        return result
    }

    mutating func decodeNil() throws -> Bool {
        guard !isAtEnd else {
            throw DecodingError.valueNotFound(
                Any?.self, .init(codingPath: reader.path, debugDescription: "the array has only \(elements) elements"))
        }
        guard reader.kind(place) == .null else { return false }
        return try next(Any?.self) { _ in true }
    }

    mutating func decode<Value: Decodable>(_ type: Value.Type) throws -> Value {
        try next(type) { [reader] in try reader.decode(type, at: $0) }
    }

    mutating func nestedContainer<Nested: CodingKey>(
        keyedBy type: Nested.Type
    ) throws -> KeyedDecodingContainer<Nested> {
        try next(type) { [reader] in KeyedDecodingContainer(try TapeObject<Nested>(reader, $0)) }
    }

    mutating func nestedUnkeyedContainer() throws -> any UnkeyedDecodingContainer {
        try next([Any].self) { [reader] in try TapeArray(reader, $0) }
    }

    mutating func superDecoder() throws -> any Decoder {
        try next(Any.self) { [reader] in TapeDecoder(reader: reader, index: $0) }
    }

    mutating func decode(_ type: Bool.Type) throws -> Bool { try next(type) { [reader] in try reader.bool(at: $0) } }
    mutating func decode(_ type: String.Type) throws -> String {
        try next(type) { [reader] in try reader.string(at: $0) }
    }

    private mutating func number<Number: FixedWidthInteger>() throws -> Number {
        try next(Number.self) { [reader] in try reader.integer(Number.self, at: $0) }
    }

    private mutating func floating<Number: BinaryFloatingPoint & LosslessStringConvertible>() throws -> Number {
        try next(Number.self) { [reader] in try reader.floating(Number.self, at: $0) }
    }

    mutating func decode(_ type: Double.Type) throws -> Double { try floating() }
    mutating func decode(_ type: Float.Type) throws -> Float { try floating() }
    mutating func decode(_ type: Int.Type) throws -> Int { try number() }
    mutating func decode(_ type: Int8.Type) throws -> Int8 { try number() }
    mutating func decode(_ type: Int16.Type) throws -> Int16 { try number() }
    mutating func decode(_ type: Int32.Type) throws -> Int32 { try number() }
    mutating func decode(_ type: Int64.Type) throws -> Int64 { try number() }
    mutating func decode(_ type: UInt.Type) throws -> UInt { try number() }
    mutating func decode(_ type: UInt8.Type) throws -> UInt8 { try number() }
    mutating func decode(_ type: UInt16.Type) throws -> UInt16 { try number() }
    mutating func decode(_ type: UInt32.Type) throws -> UInt32 { try number() }
    mutating func decode(_ type: UInt64.Type) throws -> UInt64 { try number() }
}
