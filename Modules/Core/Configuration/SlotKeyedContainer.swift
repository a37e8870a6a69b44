/// The members of one mapping.
struct SlotKeyedContainer<Key: CodingKey>: KeyedEncodingContainerProtocol {
    let encoder: SlotEncoder

    var codingPath: [any CodingKey] { encoder.codingPath }

    func encodeNil(forKey key: Key) { set(.null, key) }

    func encode<Value: Encodable>(_ value: Value, forKey key: Key) throws {
        set(try encoder.options.slot(for: value, at: codingPath + [key]), key)
    }

    func encodeIfPresent<Value: Encodable>(_ value: Value?, forKey key: Key) throws {
        if let value { try encode(value, forKey: key) } else if encoder.options.writesNulls { encodeNil(forKey: key) }
    }

    func encode(_ value: Bool, forKey key: Key) { set(.make(value), key) }
    func encode(_ value: String, forKey key: Key) { set(.make(value), key) }
    func encode(_ value: Double, forKey key: Key) { set(.make(value), key) }
    func encode(_ value: Float, forKey key: Key) { set(.make(value), key) }
    func encode(_ value: Int, forKey key: Key) { set(.make(value), key) }
    func encode(_ value: Int8, forKey key: Key) { set(.make(value), key) }
    func encode(_ value: Int16, forKey key: Key) { set(.make(value), key) }
    func encode(_ value: Int32, forKey key: Key) { set(.make(value), key) }
    func encode(_ value: Int64, forKey key: Key) { set(.make(value), key) }
    func encode(_ value: UInt, forKey key: Key) { set(.make(value), key) }
    func encode(_ value: UInt8, forKey key: Key) { set(.make(value), key) }
    func encode(_ value: UInt16, forKey key: Key) { set(.make(value), key) }
    func encode(_ value: UInt32, forKey key: Key) { set(.make(value), key) }
    func encode(_ value: UInt64, forKey key: Key) { set(.make(value), key) }

    func encodeIfPresent(_ value: Bool?, forKey key: Key) { setIfPresent(value.map { .make($0) }, key) }
    func encodeIfPresent(_ value: String?, forKey key: Key) { setIfPresent(value.map { .make($0) }, key) }
    func encodeIfPresent(_ value: Double?, forKey key: Key) { setIfPresent(value.map { .make($0) }, key) }
    func encodeIfPresent(_ value: Float?, forKey key: Key) { setIfPresent(value.map { .make($0) }, key) }
    func encodeIfPresent(_ value: Int?, forKey key: Key) { setIfPresent(value.map { .make($0) }, key) }
    func encodeIfPresent(_ value: Int8?, forKey key: Key) { setIfPresent(value.map { .make($0) }, key) }
    func encodeIfPresent(_ value: Int16?, forKey key: Key) { setIfPresent(value.map { .make($0) }, key) }
    func encodeIfPresent(_ value: Int32?, forKey key: Key) { setIfPresent(value.map { .make($0) }, key) }
    func encodeIfPresent(_ value: Int64?, forKey key: Key) { setIfPresent(value.map { .make($0) }, key) }
    func encodeIfPresent(_ value: UInt?, forKey key: Key) { setIfPresent(value.map { .make($0) }, key) }
    func encodeIfPresent(_ value: UInt8?, forKey key: Key) { setIfPresent(value.map { .make($0) }, key) }
    func encodeIfPresent(_ value: UInt16?, forKey key: Key) { setIfPresent(value.map { .make($0) }, key) }
    func encodeIfPresent(_ value: UInt32?, forKey key: Key) { setIfPresent(value.map { .make($0) }, key) }
    func encodeIfPresent(_ value: UInt64?, forKey key: Key) { setIfPresent(value.map { .make($0) }, key) }

    func nestedContainer<Nested: CodingKey>(
        keyedBy type: Nested.Type, forKey key: Key
    ) -> KeyedEncodingContainer<Nested> {
        nested(key).container(keyedBy: type)
    }

    func nestedUnkeyedContainer(forKey key: Key) -> any UnkeyedEncodingContainer { nested(key).unkeyedContainer() }

    func superEncoder() -> any Encoder { nested(SuperKey.super) }

    func superEncoder(forKey key: Key) -> any Encoder { nested(key) }

    private func set(_ slot: TreeSlot, _ key: Key) { encoder.slot.set(slot, for: key.stringValue) }

    private func setIfPresent(_ slot: TreeSlot?, _ key: Key) {
        if let slot { set(slot, key) } else if encoder.options.writesNulls { set(.null, key) }
    }

    private func nested(_ key: any CodingKey) -> SlotEncoder {
        let slot = TreeSlot()
        encoder.slot.set(slot, for: key.stringValue)
        return encoder.child(slot, key)
    }
}
