/// How a number lies in a binary data file.
struct ElementType: Hashable {
    enum Kind: Hashable {
        case unsigned
        case signed
        case floating
    }

    let kind: Kind
    /// Bytes a number takes: 1, 2, 4 or 8.
    let size: Int
    let isBigEndian: Bool

    /// The number at `byte` of `memory`, or `nil` when it is no finite float32 number.
    @inline(__always)
    func value(_ memory: UnsafeRawBufferPointer, at byte: Int) -> Float? {
        let value = rawValue(memory, at: byte)
        let float = Float(value)
        return float.isFinite ? float : nil
    }

    /// The number at `byte` of `memory`. Integers beyond 2⁵³ lose their last digits.
    @inline(__always)
    func rawValue(_ memory: UnsafeRawBufferPointer, at byte: Int) -> Double {
        switch (kind, size) {
        case (.unsigned, 1): Double(memory[byte])
        case (.signed, 1): Double(Int8(bitPattern: memory[byte]))
        case (.unsigned, 2): Double(word(memory, byte, UInt16.self))
        case (.signed, 2): Double(Int16(bitPattern: word(memory, byte, UInt16.self)))
        case (.unsigned, 4): Double(word(memory, byte, UInt32.self))
        case (.signed, 4): Double(Int32(bitPattern: word(memory, byte, UInt32.self)))
        case (.unsigned, _): Double(word(memory, byte, UInt64.self))
        case (.signed, _): Double(Int64(bitPattern: word(memory, byte, UInt64.self)))
        case (.floating, 2): Self.half(word(memory, byte, UInt16.self))
        case (.floating, 4): Double(Float(bitPattern: word(memory, byte, UInt32.self)))
        case (.floating, _): Double(bitPattern: word(memory, byte, UInt64.self))
        }
    }

    @inline(__always)
    private func word<Word: FixedWidthInteger>(_ memory: UnsafeRawBufferPointer, _ byte: Int, _: Word.Type) -> Word {
        let word = memory.loadUnaligned(fromByteOffset: byte, as: Word.self)
        return isBigEndian ? Word(bigEndian: word) : Word(littleEndian: word)
    }

    /// An IEEE 754 half-precision number.
    private static func half(_ bits: UInt16) -> Double {
        let exponent = Int(bits >> 10) & 0x1f
        let fraction = Double(bits & 0x3ff)
        let magnitude: Double
        switch exponent {
        case 0: magnitude = fraction * 0x1p-24
        case 0x1f: magnitude = fraction == 0 ? .infinity : .nan
        default: magnitude = (1 + fraction * 0x1p-10) * Double(sign: .plus, exponent: exponent - 15, significand: 1)
        }
        return bits & 0x8000 == 0 ? magnitude : -magnitude
    }
}
