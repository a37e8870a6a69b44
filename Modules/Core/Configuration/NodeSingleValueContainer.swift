/// One value on its own.
struct NodeSingleValueContainer: SingleValueDecodingContainer {
    let decoder: NodeDecoder

    var codingPath: [any CodingKey] { decoder.codingPath }

    func decodeNil() -> Bool { decoder.node.isNull }

    func decode<Value: Decodable>(_ type: Value.Type) throws -> Value {
        try decoder.session.decode(type, from: decoder.node, at: codingPath)
    }

    func decode(_ type: Bool.Type) throws -> Bool { try Bool.decode(decoder.node, at: codingPath) }
    func decode(_ type: String.Type) throws -> String { try String.decode(decoder.node, at: codingPath) }
    func decode(_ type: Double.Type) throws -> Double { try Double.decode(decoder.node, at: codingPath) }
    func decode(_ type: Float.Type) throws -> Float { try Float.decode(decoder.node, at: codingPath) }
    func decode(_ type: Int.Type) throws -> Int { try Int.decode(decoder.node, at: codingPath) }
    func decode(_ type: Int8.Type) throws -> Int8 { try Int8.decode(decoder.node, at: codingPath) }
    func decode(_ type: Int16.Type) throws -> Int16 { try Int16.decode(decoder.node, at: codingPath) }
    func decode(_ type: Int32.Type) throws -> Int32 { try Int32.decode(decoder.node, at: codingPath) }
    func decode(_ type: Int64.Type) throws -> Int64 { try Int64.decode(decoder.node, at: codingPath) }
    func decode(_ type: UInt.Type) throws -> UInt { try UInt.decode(decoder.node, at: codingPath) }
    func decode(_ type: UInt8.Type) throws -> UInt8 { try UInt8.decode(decoder.node, at: codingPath) }
    func decode(_ type: UInt16.Type) throws -> UInt16 { try UInt16.decode(decoder.node, at: codingPath) }
    func decode(_ type: UInt32.Type) throws -> UInt32 { try UInt32.decode(decoder.node, at: codingPath) }
    func decode(_ type: UInt64.Type) throws -> UInt64 { try UInt64.decode(decoder.node, at: codingPath) }
}
