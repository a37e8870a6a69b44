/// The elements of one list.
struct SlotUnkeyedContainer: UnkeyedEncodingContainer {
    let encoder: SlotEncoder

    var codingPath: [any CodingKey] { encoder.codingPath }
    var count: Int { encoder.slot.count }

    func encodeNil() { encoder.slot.append(.null) }

    func encode<Value: Encodable>(_ value: Value) throws {
        encoder.slot.append(try encoder.options.slot(for: value, at: codingPath + [IndexKey(count)]))
    }

    func encode(_ value: Bool) { encoder.slot.append(.make(value)) }
    func encode(_ value: String) { encoder.slot.append(.make(value)) }
    func encode(_ value: Double) { encoder.slot.append(.make(value)) }
    func encode(_ value: Float) { encoder.slot.append(.make(value)) }
    func encode(_ value: Int) { encoder.slot.append(.make(value)) }
    func encode(_ value: Int8) { encoder.slot.append(.make(value)) }
    func encode(_ value: Int16) { encoder.slot.append(.make(value)) }
    func encode(_ value: Int32) { encoder.slot.append(.make(value)) }
    func encode(_ value: Int64) { encoder.slot.append(.make(value)) }
    func encode(_ value: UInt) { encoder.slot.append(.make(value)) }
    func encode(_ value: UInt8) { encoder.slot.append(.make(value)) }
    func encode(_ value: UInt16) { encoder.slot.append(.make(value)) }
    func encode(_ value: UInt32) { encoder.slot.append(.make(value)) }
    func encode(_ value: UInt64) { encoder.slot.append(.make(value)) }

    func nestedContainer<Nested: CodingKey>(keyedBy type: Nested.Type) -> KeyedEncodingContainer<Nested> {
        nested().container(keyedBy: type)
    }

    func nestedUnkeyedContainer() -> any UnkeyedEncodingContainer { nested().unkeyedContainer() }

    func superEncoder() -> any Encoder { nested() }

    private func nested() -> SlotEncoder {
        let slot = TreeSlot()
        let key = IndexKey(count)
        encoder.slot.append(slot)
        return encoder.child(slot, key)
    }
}
