/// One value on its own.
struct SlotSingleValueContainer: SingleValueEncodingContainer {
    let encoder: SlotEncoder

    var codingPath: [any CodingKey] { encoder.codingPath }

    func encodeNil() { set(.null) }

    func encode<Value: Encodable>(_ value: Value) throws { set(try encoder.options.slot(for: value, at: codingPath)) }

    func encode(_ value: Bool) { set(.make(value)) }
    func encode(_ value: String) { set(.make(value)) }
    func encode(_ value: Double) { set(.make(value)) }
    func encode(_ value: Float) { set(.make(value)) }
    func encode(_ value: Int) { set(.make(value)) }
    func encode(_ value: Int8) { set(.make(value)) }
    func encode(_ value: Int16) { set(.make(value)) }
    func encode(_ value: Int32) { set(.make(value)) }
    func encode(_ value: Int64) { set(.make(value)) }
    func encode(_ value: UInt) { set(.make(value)) }
    func encode(_ value: UInt8) { set(.make(value)) }
    func encode(_ value: UInt16) { set(.make(value)) }
    func encode(_ value: UInt32) { set(.make(value)) }
    func encode(_ value: UInt64) { set(.make(value)) }

    private func set(_ slot: TreeSlot) {
        encoder.slot.state = slot.state
        encoder.slot.sortsKeys = slot.sortsKeys
    }
}
