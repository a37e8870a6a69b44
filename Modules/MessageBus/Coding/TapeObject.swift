/// An object of a tape.
struct TapeObject<Key: CodingKey>: KeyedDecodingContainerProtocol {
    /// With more members than this, names are looked up in a dictionary.
    private static var searchLimit: Int { 16 }

    private let reader: TapeReader
    private let index: Int
    private let places: [String: Int]?

    init(_ reader: TapeReader, _ index: Int) throws {
        guard reader.kind(index) == .object else { throw reader.mismatch([String: Any].self, at: index) }
        self.reader = reader
        self.index = index
        guard Int(reader.tape.tokens[index].count) > Self.searchLimit else {
            places = nil
            return
        }
        var places: [String: Int] = [:]
        Self.forEachMember(reader.tape, index) { name in
            if let text = reader.tape.string(name) { places[text] = name + 1 }
        }
        self.places = places
    }

    /// Calls `body` with the token of each member's name.
    private static func forEachMember(_ tape: JSONTape, _ index: Int, _ body: (Int) -> Void) {
        var name = index + 1
        for _ in 0..<tape.tokens[index].count {
            body(name)
            name = Int(tape.tokens[name + 1].next)
        }
    }

    private func find(_ key: Key) -> Int? {
        if let places { return places[key.stringValue] }
        let wanted = key.stringValue
        var found: Int?
        Self.forEachMember(reader.tape, index) { name in
            if reader.tape.isName(name, wanted) { found = name + 1 }
        }
        return found
    }

    private func place(_ key: Key) throws -> Int {
        guard let place = find(key) else {
            throw DecodingError.keyNotFound(
                key, .init(codingPath: reader.path, debugDescription: "the field '\(key.stringValue)' is missing"))
        }
        return place
    }

    var codingPath: [any CodingKey] { reader.path }

    var allKeys: [Key] {
        var keys: [Key] = []
        Self.forEachMember(reader.tape, index) { name in
            if let text = reader.tape.string(name), let key = Key(stringValue: text) { keys.append(key) }
        }
        return keys
    }

    func contains(_ key: Key) -> Bool { find(key) != nil }
    func decodeNil(forKey key: Key) throws -> Bool { reader.kind(try place(key)) == .null }

    func decode<Value: Decodable>(_ type: Value.Type, forKey key: Key) throws -> Value {
        let place = try place(key)
        return try reader.at(key) { try reader.decode(type, at: place) }
    }

    func nestedContainer<Nested: CodingKey>(
        keyedBy type: Nested.Type, forKey key: Key
    ) throws -> KeyedDecodingContainer<Nested> {
        let place = try place(key)
        return try reader.at(key) { KeyedDecodingContainer(try TapeObject<Nested>(reader, place)) }
    }

    func nestedUnkeyedContainer(forKey key: Key) throws -> any UnkeyedDecodingContainer {
        let place = try place(key)
        return try reader.at(key) { try TapeArray(reader, place) }
    }

    func superDecoder() throws -> any Decoder { TapeDecoder(reader: reader, index: index) }
    func superDecoder(forKey key: Key) throws -> any Decoder { TapeDecoder(reader: reader, index: try place(key)) }

    func decode(_ type: Bool.Type, forKey key: Key) throws -> Bool {
        let place = try place(key)
        return try reader.at(key) { try reader.bool(at: place) }
    }

    func decode(_ type: String.Type, forKey key: Key) throws -> String {
        let place = try place(key)
        return try reader.at(key) { try reader.string(at: place) }
    }

    private func number<Number: FixedWidthInteger>(_ key: Key) throws -> Number {
        let place = try place(key)
        return try reader.at(key) { try reader.integer(Number.self, at: place) }
    }

    private func floating<Number: BinaryFloatingPoint & LosslessStringConvertible>(_ key: Key) throws -> Number {
        let place = try place(key)
        return try reader.at(key) { try reader.floating(Number.self, at: place) }
    }

    func decode(_ type: Double.Type, forKey key: Key) throws -> Double { try floating(key) }
    func decode(_ type: Float.Type, forKey key: Key) throws -> Float { try floating(key) }
    func decode(_ type: Int.Type, forKey key: Key) throws -> Int { try number(key) }
    func decode(_ type: Int8.Type, forKey key: Key) throws -> Int8 { try number(key) }
    func decode(_ type: Int16.Type, forKey key: Key) throws -> Int16 { try number(key) }
    func decode(_ type: Int32.Type, forKey key: Key) throws -> Int32 { try number(key) }
    func decode(_ type: Int64.Type, forKey key: Key) throws -> Int64 { try number(key) }
    func decode(_ type: UInt.Type, forKey key: Key) throws -> UInt { try number(key) }
    func decode(_ type: UInt8.Type, forKey key: Key) throws -> UInt8 { try number(key) }
    func decode(_ type: UInt16.Type, forKey key: Key) throws -> UInt16 { try number(key) }
    func decode(_ type: UInt32.Type, forKey key: Key) throws -> UInt32 { try number(key) }
    func decode(_ type: UInt64.Type, forKey key: Key) throws -> UInt64 { try number(key) }
}
