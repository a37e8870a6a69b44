/// The fields of one mapping.
struct NodeKeyedContainer<Key: CodingKey>: KeyedDecodingContainerProtocol {
    let use: MappingUse
    let session: DecodingSession
    let codingPath: [any CodingKey]

    var allKeys: [Key] { use.entries.compactMap { Key(stringValue: $0.key) } }

    func contains(_ key: Key) -> Bool { use.value(key.stringValue) != nil }

    func decodeNil(forKey key: Key) throws -> Bool { try node(key).isNull }

    func decode<Value: Decodable>(_ type: Value.Type, forKey key: Key) throws -> Value {
        try session.decode(type, from: try node(key), at: codingPath + [key])
    }

    func decode(_ type: Bool.Type, forKey key: Key) throws -> Bool { try scalar(key) }
    func decode(_ type: String.Type, forKey key: Key) throws -> String { try scalar(key) }
    func decode(_ type: Double.Type, forKey key: Key) throws -> Double { try scalar(key) }
    func decode(_ type: Float.Type, forKey key: Key) throws -> Float { try scalar(key) }
    func decode(_ type: Int.Type, forKey key: Key) throws -> Int { try scalar(key) }
    func decode(_ type: Int8.Type, forKey key: Key) throws -> Int8 { try scalar(key) }
    func decode(_ type: Int16.Type, forKey key: Key) throws -> Int16 { try scalar(key) }
    func decode(_ type: Int32.Type, forKey key: Key) throws -> Int32 { try scalar(key) }
    func decode(_ type: Int64.Type, forKey key: Key) throws -> Int64 { try scalar(key) }
    func decode(_ type: UInt.Type, forKey key: Key) throws -> UInt { try scalar(key) }
    func decode(_ type: UInt8.Type, forKey key: Key) throws -> UInt8 { try scalar(key) }
    func decode(_ type: UInt16.Type, forKey key: Key) throws -> UInt16 { try scalar(key) }
    func decode(_ type: UInt32.Type, forKey key: Key) throws -> UInt32 { try scalar(key) }
    func decode(_ type: UInt64.Type, forKey key: Key) throws -> UInt64 { try scalar(key) }

    func nestedContainer<Nested: CodingKey>(
        keyedBy type: Nested.Type, forKey key: Key
    ) throws -> KeyedDecodingContainer<Nested> {
        try decoder(key).container(keyedBy: type)
    }

    func nestedUnkeyedContainer(forKey key: Key) throws -> any UnkeyedDecodingContainer {
        try decoder(key).unkeyedContainer()
    }

    func superDecoder() throws -> any Decoder {
        guard let node = use.value(SuperKey.super.stringValue) else { throw missing(SuperKey.super) }
        return NodeDecoder(node: node, codingPath: codingPath + [SuperKey.super], session: session)
    }

    func superDecoder(forKey key: Key) throws -> any Decoder { try decoder(key) }

    private func node(_ key: Key) throws -> SourceNode {
        guard let node = use.value(key.stringValue) else { throw missing(key) }
        return node
    }

    private func missing(_ key: any CodingKey) -> DecodingError {
        DecodingFailure.wrap(use.missing(key.stringValue), codingPath)
    }

    private func decoder(_ key: Key) throws -> NodeDecoder {
        NodeDecoder(node: try node(key), codingPath: codingPath + [key], session: session)
    }

    private func scalar<Value: NodeScalar>(_ key: Key) throws -> Value {
        try Value.decode(try node(key), at: codingPath + [key])
    }
}
