/// An array being written.
struct SinkArray: UnkeyedEncodingContainer {
    let sink: JSONSink
    let place: JSONSink.Place
    private(set) var count = 0

    init(sink: JSONSink, place: JSONSink.Place) {
        self.sink = sink
        self.place = place
    }

    var codingPath: [any CodingKey] { sink.path }

    private mutating func begin() {
        sink.beginElement(in: place)
        count += 1
    }

    mutating func encodeNil() throws {
        begin()
        sink.writeNull()
    }

    mutating func encode<Value: Encodable>(_ value: Value) throws {
        begin()
        try SinkEncoder(sink: sink, base: place.depth).encode(value)
    }

    mutating func nestedContainer<Nested: CodingKey>(keyedBy type: Nested.Type) -> KeyedEncodingContainer<Nested> {
        superEncoder().container(keyedBy: type)
    }

    mutating func nestedUnkeyedContainer() -> any UnkeyedEncodingContainer { superEncoder().unkeyedContainer() }

    mutating func superEncoder() -> any Encoder {
        begin()
        return SinkEncoder(sink: sink, base: place.depth)
    }

    mutating func encode(_ value: Bool) throws {
        begin()
        sink.write(value)
    }

    mutating func encode(_ value: String) throws {
        begin()
        sink.write(value)
    }

    mutating func encode(_ value: Double) throws {
        begin()
        sink.write(floating: value)
    }

    mutating func encode(_ value: Float) throws {
        begin()
        sink.write(floating: value)
    }

    private mutating func number(_ value: some FixedWidthInteger) {
        begin()
        sink.write(value)
    }

    mutating func encode(_ value: Int) throws { number(value) }
    mutating func encode(_ value: Int8) throws { number(value) }
    mutating func encode(_ value: Int16) throws { number(value) }
    mutating func encode(_ value: Int32) throws { number(value) }
    mutating func encode(_ value: Int64) throws { number(value) }
    mutating func encode(_ value: UInt) throws { number(value) }
    mutating func encode(_ value: UInt8) throws { number(value) }
    mutating func encode(_ value: UInt16) throws { number(value) }
    mutating func encode(_ value: UInt32) throws { number(value) }
    mutating func encode(_ value: UInt64) throws { number(value) }
}
