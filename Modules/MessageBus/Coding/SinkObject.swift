/// An object being written.
struct SinkObject<Key: CodingKey>: KeyedEncodingContainerProtocol {
    let sink: JSONSink
    let place: JSONSink.Place

    var codingPath: [any CodingKey] { sink.path }

    private func begin(_ key: Key) { sink.beginMember(key.stringValue, in: place) }

    mutating func encodeNil(forKey key: Key) throws {
        begin(key)
        sink.writeNull()
    }

    mutating func encode<Value: Encodable>(_ value: Value, forKey key: Key) throws {
        begin(key)
        sink.path.append(key)
        try SinkEncoder(sink: sink, base: place.depth).encode(value)
        sink.path.removeLast()
    }

    mutating func nestedContainer<Nested: CodingKey>(
        keyedBy type: Nested.Type, forKey key: Key
    ) -> KeyedEncodingContainer<Nested> {
        superEncoder(forKey: key).container(keyedBy: type)
    }

    mutating func nestedUnkeyedContainer(forKey key: Key) -> any UnkeyedEncodingContainer {
        superEncoder(forKey: key).unkeyedContainer()
    }

    mutating func superEncoder() -> any Encoder { SinkEncoder(sink: sink, base: place.depth) }

    mutating func superEncoder(forKey key: Key) -> any Encoder {
        begin(key)
        return SinkEncoder(sink: sink, base: place.depth)
    }

    mutating func encode(_ value: Bool, forKey key: Key) throws {
        begin(key)
        sink.write(value)
    }

    mutating func encode(_ value: String, forKey key: Key) throws {
        begin(key)
        sink.write(value)
    }

    mutating func encode(_ value: Double, forKey key: Key) throws {
        begin(key)
        sink.write(floating: value)
    }

    mutating func encode(_ value: Float, forKey key: Key) throws {
        begin(key)
        sink.write(floating: value)
    }

    private func number(_ value: some FixedWidthInteger, _ key: Key) {
        begin(key)
        sink.write(value)
    }

    mutating func encode(_ value: Int, forKey key: Key) throws { number(value, key) }
    mutating func encode(_ value: Int8, forKey key: Key) throws { number(value, key) }
    mutating func encode(_ value: Int16, forKey key: Key) throws { number(value, key) }
    mutating func encode(_ value: Int32, forKey key: Key) throws { number(value, key) }
    mutating func encode(_ value: Int64, forKey key: Key) throws { number(value, key) }
    mutating func encode(_ value: UInt, forKey key: Key) throws { number(value, key) }
    mutating func encode(_ value: UInt8, forKey key: Key) throws { number(value, key) }
    mutating func encode(_ value: UInt16, forKey key: Key) throws { number(value, key) }
    mutating func encode(_ value: UInt32, forKey key: Key) throws { number(value, key) }
    mutating func encode(_ value: UInt64, forKey key: Key) throws { number(value, key) }
}
