/// The elements of one list.
struct NodeUnkeyedContainer: UnkeyedDecodingContainer {
    private let decoder: NodeDecoder
    private let items: [SourceNode]
    private(set) var currentIndex = 0

    init(decoder: NodeDecoder, items: [SourceNode]) {
        self.decoder = decoder
        self.items = items
    }

    var codingPath: [any CodingKey] { decoder.codingPath }
    var count: Int? { items.count }
    var isAtEnd: Bool { currentIndex >= items.count }

    mutating func decodeNil() throws -> Bool {
        guard try current().isNull else { return false }
        currentIndex += 1
        return true
    }

    mutating func decode<Value: Decodable>(_ type: Value.Type) throws -> Value {
        let value = try decoder.session.decode(type, from: try current(), at: path)
        currentIndex += 1
        return value
    }

    mutating func decode(_ type: Bool.Type) throws -> Bool { try scalar() }
    mutating func decode(_ type: String.Type) throws -> String { try scalar() }
    mutating func decode(_ type: Double.Type) throws -> Double { try scalar() }
    mutating func decode(_ type: Float.Type) throws -> Float { try scalar() }
    mutating func decode(_ type: Int.Type) throws -> Int { try scalar() }
    mutating func decode(_ type: Int8.Type) throws -> Int8 { try scalar() }
    mutating func decode(_ type: Int16.Type) throws -> Int16 { try scalar() }
    mutating func decode(_ type: Int32.Type) throws -> Int32 { try scalar() }
    mutating func decode(_ type: Int64.Type) throws -> Int64 { try scalar() }
    mutating func decode(_ type: UInt.Type) throws -> UInt { try scalar() }
    mutating func decode(_ type: UInt8.Type) throws -> UInt8 { try scalar() }
    mutating func decode(_ type: UInt16.Type) throws -> UInt16 { try scalar() }
    mutating func decode(_ type: UInt32.Type) throws -> UInt32 { try scalar() }
    mutating func decode(_ type: UInt64.Type) throws -> UInt64 { try scalar() }

    mutating func nestedContainer<Nested: CodingKey>(
        keyedBy type: Nested.Type
    ) throws -> KeyedDecodingContainer<Nested> {
        try nested().container(keyedBy: type)
    }

    mutating func nestedUnkeyedContainer() throws -> any UnkeyedDecodingContainer {
        try nested().unkeyedContainer()
    }

    mutating func superDecoder() throws -> any Decoder { try nested() }

    private var path: [any CodingKey] { codingPath + [IndexKey(currentIndex)] }

    private func current() throws -> SourceNode {
        guard !isAtEnd else {
            throw DecodingFailure.make(
                "\(DecodingFailure.name(codingPath)) must have more than \(items.count) elements", decoder.node,
                codingPath)
        }
        return items[currentIndex]
    }

    private mutating func scalar<Value: NodeScalar>() throws -> Value {
        let value = try Value.decode(try current(), at: path)
        currentIndex += 1
        return value
    }

    private mutating func nested() throws -> NodeDecoder {
        let nested = NodeDecoder(node: try current(), codingPath: path, session: decoder.session)
        currentIndex += 1
        return nested
    }
}
