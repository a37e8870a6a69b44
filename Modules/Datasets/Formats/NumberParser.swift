/// What a field of text turned out to be.
enum ParsedNumber: Equatable {
    case number(Double)
    /// NaN, infinity, or too large for float64.
    case notFinite
    /// Nothing, or a word that stands for nothing (NA, null, …).
    case missing
    /// Something else.
    case text
}

/// Reads decimal numbers, correctly rounded to float64.
enum NumberParser {
    private static let powers: [Double] = [
        1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19,
        1e20, 1e21, 1e22,
    ]
    private static let absent: Set<String> = ["na", "n/a", "null", "none", "?", "-"]
    private static let infinite: Set<String> = [
        "nan", "+nan", "-nan", "inf", "+inf", "-inf", "infinity", "+infinity", "-infinity",
    ]

    /// Reads `text`, with spaces and tabs around it.
    static func parse(_ text: UnsafeBufferPointer<UInt8>) -> ParsedNumber {
        var start = 0
        var end = text.count
        while start < end, text[start] == 0x20 || text[start] == 0x09 { start += 1 }
        while end > start, text[end - 1] == 0x20 || text[end - 1] == 0x09 { end -= 1 }
        guard start < end else { return .missing }
        return parseTrimmed(UnsafeBufferPointer(rebasing: text[start..<end]))
    }

    /// Most numbers have at most 19 digits and a small exponent: then digits and power of ten are exact in float64 and one
    /// operation rounds correctly (Clinger, "How to read floating point numbers accurately", 1990). The others go to the
    /// standard library.
    private static func parseTrimmed(_ text: UnsafeBufferPointer<UInt8>) -> ParsedNumber {
        var index = 0
        let isNegative = text[0] == UInt8(ascii: "-")
        if isNegative || text[0] == UInt8(ascii: "+") { index = 1 }
        var digits: UInt64 = 0
        var digitCount = 0
        var significant = 0
        var exponent = 0
        var seenPoint = false
        while index < text.count {
            let byte = text[index]
            if byte >= 0x30, byte <= 0x39 {
                digitCount += 1
                if significant > 0 || byte != 0x30 { significant += 1 }
                if significant <= 19 { digits = digits &* 10 &+ UInt64(byte &- 0x30) }
                if seenPoint { exponent -= 1 }
            } else if byte == UInt8(ascii: "."), !seenPoint {
                seenPoint = true
            } else {
                break
            }
            index += 1
        }
        guard digitCount > 0 else { return word(text) }
        if index < text.count {
            guard text[index] | 0x20 == UInt8(ascii: "e") else { return .text }
            index += 1
            guard let written = exponentValue(text, from: &index), index == text.count else { return .text }
            exponent += written
        }
        if significant <= 19, digits <= 1 << 53, abs(exponent) <= 22 {
            let magnitude = Double(digits)
            let value = exponent < 0 ? magnitude / powers[-exponent] : magnitude * powers[exponent]
            return .number(isNegative ? -value : value)
        }
        guard let value = Double(String(decoding: text, as: UTF8.self)) else { return .text }
        return value.isFinite ? .number(value) : .notFinite
    }

    /// The digits of an exponent, clamped far beyond float64's range.
    private static func exponentValue(_ text: UnsafeBufferPointer<UInt8>, from index: inout Int) -> Int? {
        var isNegative = false
        if index < text.count, text[index] == UInt8(ascii: "-") || text[index] == UInt8(ascii: "+") {
            isNegative = text[index] == UInt8(ascii: "-")
            index += 1
        }
        guard index < text.count else { return nil }
        var value = 0
        while index < text.count {
            guard text[index] >= 0x30, text[index] <= 0x39 else { return nil }
            value = min(1_000_000, value * 10 + Int(text[index] - 0x30))
            index += 1
        }
        return isNegative ? -value : value
    }

    private static func word(_ text: UnsafeBufferPointer<UInt8>) -> ParsedNumber {
        guard text.count <= 9 else { return .text }
        let word = String(decoding: text, as: UTF8.self).lowercased()
        if infinite.contains(word) { return .notFinite }
        return absent.contains(word) ? .missing : .text
    }
}
