/// Cuts a JSON text into tokens.
struct JSONParser {
    private let bytes: UnsafeBufferPointer<UInt8>
    private var tokens: [JSONTape.Token] = []
    private var position = 0
    private var isASCII = true

    /// - Parameter bytes: valid until `parse` has returned.
    init(_ bytes: UnsafeBufferPointer<UInt8>) { self.bytes = bytes }

    mutating func parse() throws(JSONTape.SyntaxError) -> [JSONTape.Token] {
        tokens.reserveCapacity(min(64, bytes.count / 4 + 1))
        skipSpace()
        try parseValue(depth: 0)
        skipSpace()
        guard position == bytes.count else { throw error("something follows the value") }
        guard isASCII || String(validating: bytes, as: UTF8.self) != nil else { throw error("the text is not UTF-8") }
        return tokens
    }

    private func error(_ reason: String) -> JSONTape.SyntaxError {
        JSONTape.SyntaxError(offset: position, reason: reason)
    }

    /// The byte at the current position, or 0 at the end, which is no byte of a valid text.
    private var current: UInt8 { position < bytes.count ? bytes[position] : 0 }

    private mutating func skipSpace() {
        while position < bytes.count {
            switch bytes[position] {
            case 0x20, 0x09, 0x0a, 0x0d: position += 1
            default: return
            }
        }
    }

    private mutating func parseValue(depth: Int) throws(JSONTape.SyntaxError) {
        switch current {
        case UInt8(ascii: "{"): try parseContainer(.object, depth: depth)
        case UInt8(ascii: "["): try parseContainer(.array, depth: depth)
        case UInt8(ascii: "\""): try parseString()
        case UInt8(ascii: "t"): try parseWord("true", .yes)
        case UInt8(ascii: "f"): try parseWord("false", .no)
        case UInt8(ascii: "n"): try parseWord("null", .null)
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): try parseNumber()
        default: throw error(position < bytes.count ? "no value begins like this" : "the text ends early")
        }
    }

    private mutating func append(_ kind: JSONTape.Kind, from start: Int, to end: Int) {
        tokens.append(JSONTape.Token(kind: kind, start: Int32(start), end: Int32(end), next: Int32(tokens.count + 1)))
    }

    private mutating func parseContainer(_ kind: JSONTape.Kind, depth: Int) throws(JSONTape.SyntaxError) {
        guard depth < JSONTape.maximumDepth else { throw error("the text is nested too deeply") }
        let index = tokens.count
        append(kind, from: position, to: position)
        position += 1
        let close = kind == .object ? UInt8(ascii: "}") : UInt8(ascii: "]")
        var count: Int32 = 0
        skipSpace()
        if current != close {
            while true {
                if kind == .object {
                    guard current == UInt8(ascii: "\"") else { throw error("a member needs a name in quotation marks") }
                    try parseString()
                    skipSpace()
                    guard current == UInt8(ascii: ":") else { throw error("a colon is missing") }
                    position += 1
                    skipSpace()
                }
                try parseValue(depth: depth + 1)
                count += 1
                skipSpace()
                if current == close { break }
                guard current == UInt8(ascii: ",") else { throw error("a comma is missing") }
                position += 1
                skipSpace()
            }
        }
        position += 1
        tokens[index].end = Int32(position)
        tokens[index].next = Int32(tokens.count)
        tokens[index].count = count
    }

    private mutating func parseWord(_ word: StaticString, _ kind: JSONTape.Kind) throws(JSONTape.SyntaxError) {
        let start = position
        for offset in 0..<word.utf8CodeUnitCount {
            guard current == word.utf8Start[offset] else { throw error("no value begins like this") }
            position += 1
        }
        append(kind, from: start, to: position)
    }

    private mutating func parseString() throws(JSONTape.SyntaxError) {
        position += 1
        let start = position
        var isEscaped = false
        while true {
            guard position < bytes.count else { throw error("a string does not end") }
            switch bytes[position] {
            case UInt8(ascii: "\""):
                append(isEscaped ? .escapedString : .string, from: start, to: position)
                position += 1
                return
            case UInt8(ascii: "\\"):
                isEscaped = true
                try parseEscape()
            case 0..<0x20: throw error("a control character must be escaped")
            case 0x80...:
                isASCII = false
                position += 1
            default: position += 1
            }
        }
    }

    private mutating func parseEscape() throws(JSONTape.SyntaxError) {
        position += 1
        switch current {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"), UInt8(ascii: "b"), UInt8(ascii: "f"),
            UInt8(ascii: "n"), UInt8(ascii: "r"), UInt8(ascii: "t"):
            position += 1
        case UInt8(ascii: "u"):
            let first = try parseUnit()
            guard UTF16.isSurrogate(first) else { return }
            guard UTF16.isLeadSurrogate(first), current == UInt8(ascii: "\\") else { throw error("half a pair") }
            position += 1
            guard current == UInt8(ascii: "u"), UTF16.isTrailSurrogate(try parseUnit()) else {
                throw error("half a pair")
            }
        default: throw error("no escape begins like this")
        }
    }

    /// The four digits after `\u`.
    private mutating func parseUnit() throws(JSONTape.SyntaxError) -> UInt16 {
        position += 1
        var unit: UInt16 = 0
        for _ in 0..<4 {
            guard let digit = Self.hexadecimal(current) else { throw error("\\u needs four hexadecimal digits") }
            unit = unit << 4 | digit
            position += 1
        }
        return unit
    }

    private mutating func parseNumber() throws(JSONTape.SyntaxError) {
        let start = position
        if current == UInt8(ascii: "-") { position += 1 }
        if current == UInt8(ascii: "0") {
            position += 1
        } else {
            try parseDigits()
        }
        if current == UInt8(ascii: ".") {
            position += 1
            try parseDigits()
        }
        if current | 0x20 == UInt8(ascii: "e") {
            position += 1
            if current == UInt8(ascii: "+") || current == UInt8(ascii: "-") { position += 1 }
            try parseDigits()
        }
        append(.number, from: start, to: position)
    }

    private mutating func parseDigits() throws(JSONTape.SyntaxError) {
        guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(current) else { throw error("a digit is missing") }
        repeat { position += 1 } while (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(current)
    }

    static func hexadecimal(_ byte: UInt8) -> UInt16? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt16(byte - UInt8(ascii: "0"))
        case UInt8(ascii: "a")...UInt8(ascii: "f"): UInt16(byte - UInt8(ascii: "a") + 10)
        case UInt8(ascii: "A")...UInt8(ascii: "F"): UInt16(byte - UInt8(ascii: "A") + 10)
        default: nil
        }
    }
}
