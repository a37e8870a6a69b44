/// The slots of the standard library's own scalars.
extension TreeSlot {
    static func make(_ value: Bool) -> TreeSlot { scalar(value ? "true" : "false") }

    static func make(_ value: String) -> TreeSlot { scalar(value, .quoted) }

    static func make(_ value: some FixedWidthInteger) -> TreeSlot { scalar(String(value)) }

    /// The shortest digits that read back as the same number.
    static func make<Number: BinaryFloatingPoint & LosslessStringConvertible>(_ value: Number) -> TreeSlot {
        if value.isNaN { return scalar(".nan") }
        if value.isInfinite { return scalar(value < 0 ? "-.inf" : ".inf") }
        let text = String(value)
        // YAML 1.1 readers take `1e+20` for a text, `1.0e+20` for a number.
        guard let exponent = text.firstIndex(of: "e"), !text.contains(".") else { return scalar(text) }
        return scalar(String(text[..<exponent]) + ".0" + String(text[exponent...]))
    }
}
