import FoundationEssentials

/// Writes a body's JSON.
///
/// As with `BodyDecoder`: Foundation's encoder takes two to three times the time.
enum BodyEncoder {
    /// - Throws: `EncodingError`.
    static func encode(_ value: some Encodable) throws -> [UInt8] {
        let sink = JSONSink()
        try SinkEncoder(sink: sink, base: 0).encode(value)
        guard !sink.isBroken else {
            throw EncodingError.invalidValue(
                value, .init(codingPath: [], debugDescription: "a container was used after the next one was begun"))
        }
        return sink.bytes
    }
}

/// An `Encoder` of one value, whose containers are those of the sink from `base` on.
struct SinkEncoder: Encoder {
    let sink: JSONSink
    let base: Int

    var codingPath: [any CodingKey] { sink.path }
    var userInfo: [CodingUserInfoKey: Any] { [:] }

    /// Writes `value` and completes what it opened.
    func encode<Value: Encodable>(_ value: Value) throws {
        let start = sink.bytes.count
        if Value.self == Data.self, let data = value as? Data {
            sink.write(data.base64EncodedString())
        } else {
            try value.encode(to: self)
        }
        // A value that writes nothing at all is an empty object.
        if sink.bytes.count == start { _ = sink.container(object: true, base: base) }
        sink.unwind(to: base)
    }

    func container<Key: CodingKey>(keyedBy type: Key.Type) -> KeyedEncodingContainer<Key> {
        KeyedEncodingContainer(SinkObject<Key>(sink: sink, place: sink.container(object: true, base: base)))
    }

    func unkeyedContainer() -> any UnkeyedEncodingContainer {
        SinkArray(sink: sink, place: sink.container(object: false, base: base))
    }

    func singleValueContainer() -> any SingleValueEncodingContainer { SinkValue(sink: sink, base: base) }
}
