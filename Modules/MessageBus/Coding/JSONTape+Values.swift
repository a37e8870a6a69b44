extension JSONTape {
    private func slice(_ token: Token) -> ArraySlice<UInt8> { bytes[Int(token.start)..<Int(token.end)] }

    /// The text of a string token, or `nil` when it is not UTF-8 or holds half of a surrogate pair.
    func string(_ index: Int) -> String? {
        let token = tokens[index]
        if token.kind == .string { return String(validating: slice(token), as: UTF8.self) }
        guard token.kind == .escapedString, let units = unescape(slice(token)) else { return nil }
        return String(validating: units, as: UTF8.self)
    }

    /// Whether a name token says `name`.
    func isName(_ index: Int, _ name: String) -> Bool {
        let token = tokens[index]
        if token.kind == .escapedString { return string(index) == name }
        var name = name
        return name.withUTF8 { name in
            guard name.count == Int(token.end - token.start) else { return false }
            return slice(token).elementsEqual(name)
        }
    }

    /// The number of a token as an integer, or `nil` when it is none of that type.
    func integer<Number: FixedWidthInteger>(_ index: Int, as type: Number.Type) -> Number? {
        let token = tokens[index]
        guard token.kind == .number else { return nil }
        var value: Number = 0
        var digits = slice(token)[...]
        let isNegative = digits.first == UInt8(ascii: "-")
        if isNegative { digits = digits.dropFirst() }
        for byte in digits {
            guard byte >= UInt8(ascii: "0"), byte <= UInt8(ascii: "9") else {
                // With a fraction or an exponent: only if it is whole all the same, and small enough for a float64 to be
                // exact.
                guard let whole = floating(index, as: Double.self), whole.magnitude <= 0x1p53 else { return nil }
                return Number(exactly: whole)
            }
            let digit = Number(truncatingIfNeeded: byte - UInt8(ascii: "0"))
            let (product, tooLarge) = value.multipliedReportingOverflow(by: 10)
            let (sum, overflow) =
                isNegative
                ? product.subtractingReportingOverflow(digit) : product.addingReportingOverflow(digit)
            if tooLarge || overflow { return nil }
            value = sum
        }
        return value
    }

    /// The number of a token, or one of the three words for what JSON's numbers lack; `nil` when it is neither, or too large.
    func floating<Number: BinaryFloatingPoint & LosslessStringConvertible>(
        _ index: Int, as type: Number.Type
    ) -> Number? {
        let token = tokens[index]
        switch token.kind {
        case .number:
            guard let value = Number(String(decoding: slice(token), as: UTF8.self)), value.isFinite else { return nil }
            return value
        case .string: return NonFinite(rawValue: String(decoding: slice(token), as: UTF8.self))?.value()
        default: return nil
        }
    }

    private func unescape(_ text: ArraySlice<UInt8>) -> [UInt8]? {
        var units: [UInt8] = []
        units.reserveCapacity(text.count)
        var index = text.startIndex
        while index < text.endIndex {
            guard text[index] == UInt8(ascii: "\\") else {
                units.append(text[index])
                index += 1
                continue
            }
            index += 1
            let letter = text[index]
            index += 1
            switch letter {
            case UInt8(ascii: "b"): units.append(0x08)
            case UInt8(ascii: "f"): units.append(0x0c)
            case UInt8(ascii: "n"): units.append(0x0a)
            case UInt8(ascii: "r"): units.append(0x0d)
            case UInt8(ascii: "t"): units.append(0x09)
            case UInt8(ascii: "u"):
                guard let scalar = scalar(text, &index) else { return nil }
                units.append(contentsOf: String(Character(scalar)).utf8)
            default: units.append(letter)
            }
        }
        return units
    }

    /// The scalar whose four digits begin at `index`, or eight with the other half of a pair.
    private func scalar(_ text: ArraySlice<UInt8>, _ index: inout Int) -> Unicode.Scalar? {
        func unit() -> UInt16? {
            guard index + 4 <= text.endIndex else { return nil }
            var value: UInt16 = 0
            for byte in text[index..<(index + 4)] {
                guard let digit = JSONParser.hexadecimal(byte) else { return nil }
                value = value << 4 | digit
            }
            index += 4
            return value
        }
        guard let first = unit() else { return nil }
        guard UTF16.isSurrogate(first) else { return Unicode.Scalar(first) }
        guard UTF16.isLeadSurrogate(first), index + 6 <= text.endIndex, text[index] == UInt8(ascii: "\\"),
            text[index + 1] == UInt8(ascii: "u")
        else { return nil }
        index += 2
        guard let second = unit(), UTF16.isTrailSurrogate(second) else { return nil }
        return Unicode.Scalar(0x10000 + (UInt32(first - 0xd800) << 10 | UInt32(second - 0xdc00)))
    }
}

/// The numbers that JSON lacks, as bodies write them.
enum NonFinite: String {
    case infinity = "Infinity"
    case negativeInfinity = "-Infinity"
    case notANumber = "NaN"

    init(_ value: some BinaryFloatingPoint) {
        self = value.isNaN ? .notANumber : value < 0 ? .negativeInfinity : .infinity
    }

    func value<Number: BinaryFloatingPoint>() -> Number {
        switch self {
        case .infinity: .infinity
        case .negativeInfinity: -.infinity
        case .notANumber: .nan
        }
    }
}
