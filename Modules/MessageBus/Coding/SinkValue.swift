/// A single value being written.
struct SinkValue: SingleValueEncodingContainer {
    let sink: JSONSink
    let base: Int

    var codingPath: [any CodingKey] { sink.path }

    mutating func encodeNil() throws { sink.writeNull() }
    mutating func encode<Value: Encodable>(_ value: Value) throws {
        try SinkEncoder(sink: sink, base: base).encode(value)
    }
    mutating func encode(_ value: Bool) throws { sink.write(value) }
    mutating func encode(_ value: String) throws { sink.write(value) }
    mutating func encode(_ value: Double) throws { sink.write(floating: value) }
    mutating func encode(_ value: Float) throws { sink.write(floating: value) }
    mutating func encode(_ value: Int) throws { sink.write(value) }
    mutating func encode(_ value: Int8) throws { sink.write(value) }
    mutating func encode(_ value: Int16) throws { sink.write(value) }
    mutating func encode(_ value: Int32) throws { sink.write(value) }
    mutating func encode(_ value: Int64) throws { sink.write(value) }
    mutating func encode(_ value: UInt) throws { sink.write(value) }
    mutating func encode(_ value: UInt8) throws { sink.write(value) }
    mutating func encode(_ value: UInt16) throws { sink.write(value) }
    mutating func encode(_ value: UInt32) throws { sink.write(value) }
    mutating func encode(_ value: UInt64) throws { sink.write(value) }
}
