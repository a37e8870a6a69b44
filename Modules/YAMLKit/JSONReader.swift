import Core

/// Reads JSON (RFC 8259) with the place of every value. YAML's flow style is nearly JSON, but libyaml refuses surrogate
/// pairs, which JSON writers use for every character past U+FFFF.
struct JSONReader {
    /// The text is not JSON; it may still be YAML, whose reader then gives the message.
    private struct NotJSON: Error {}

    private let bytes: [UInt8]
    private let source: String
    private let limits: YAMLLimits
    private var position = 0
    private var line: Int
    private var column = 1
    private var weight = 0

    private init(_ text: String, source: String, firstLine: Int, limits: YAMLLimits) {
        bytes = Array(text.utf8)
        self.source = source
        self.limits = limits
        line = firstLine
    }

    /// The value of `text`, or `nil` when it is not one JSON object or array.
    /// - Throws: `YAMLError` for what JSON allows and this reader does not: repeated fields, NUL, too much.
    static func read(
        _ text: String, source: String, firstLine: Int, limits: YAMLLimits
    ) throws(YAMLError) -> SourceNode? {
        guard let first = text.utf8.first(where: { !isBlank($0) }),
            first == UInt8(ascii: "{") || first == UInt8(ascii: "[")
        else { return nil }
        var reader = JSONReader(text, source: source, firstLine: firstLine, limits: limits)
        do {
            reader.skipBlanks()
            let root = try reader.value(depth: 0)
            reader.skipBlanks()
            return reader.position == reader.bytes.count ? root : nil
        } catch let error as YAMLError {
            throw error
        } catch {
            // NotJSON, the only other error thrown here.
            return nil
        }
    }

    private static func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 }

    private var location: SourceLocation { SourceLocation(source: source, line: line, column: column) }

    private var current: UInt8? { position < bytes.count ? bytes[position] : nil }

    private mutating func advance() {
        let byte = bytes[position]
        position += 1
        if byte == UInt8(ascii: "\n") {
            line += 1
            column = 1
        } else if byte & 0xC0 != 0x80 {
            column += 1
        }
    }

    private mutating func skipBlanks() { while let byte = current, Self.isBlank(byte) { advance() } }

    private mutating func expect(_ byte: UInt8) throws {
        guard current == byte else { throw NotJSON() }
        advance()
    }

    private mutating func value(depth: Int) throws -> SourceNode {
        let location = location
        weight += 1
        if weight > limits.nodes {
            throw YAMLError(code: "too-large", at: location, "the document has more than \(limits.nodes) values")
        }
        if depth == limits.depth, current == UInt8(ascii: "{") || current == UInt8(ascii: "[") {
            throw YAMLError(code: "too-large", at: location, "more than \(limits.depth) levels of nesting")
        }
        switch current {
        case UInt8(ascii: "{"): return SourceNode(.mapping(try members(depth: depth + 1)), at: location)
        case UInt8(ascii: "["): return SourceNode(.sequence(try elements(depth: depth + 1)), at: location)
        case UInt8(ascii: "\""): return SourceNode(.scalar(SourceScalar(try string(), style: .quoted)), at: location)
        default: return SourceNode(.scalar(SourceScalar(try word(), style: .plain)), at: location)
        }
    }

    private mutating func members(depth: Int) throws -> [SourceEntry] {
        try expect(UInt8(ascii: "{"))
        var entries: [SourceEntry] = []
        var lines: [String: Int] = [:]
        skipBlanks()
        if current == UInt8(ascii: "}") {
            advance()
            return entries
        }
        while true {
            skipBlanks()
            let place = location
            guard current == UInt8(ascii: "\"") else { throw NotJSON() }
            let key = try string()
            if let line = lines.updateValue(line, forKey: key) {
                throw YAMLError(
                    code: "duplicate-field", at: place,
                    "the field '\(key.prefix(80))' is there already, in line \(line)")
            }
            skipBlanks()
            try expect(UInt8(ascii: ":"))
            skipBlanks()
            entries.append(SourceEntry(key: key, at: place, value: try value(depth: depth)))
            skipBlanks()
            if current == UInt8(ascii: "}") { break }
            try expect(UInt8(ascii: ","))
        }
        advance()
        return entries
    }

    private mutating func elements(depth: Int) throws -> [SourceNode] {
        try expect(UInt8(ascii: "["))
        var items: [SourceNode] = []
        skipBlanks()
        if current == UInt8(ascii: "]") {
            advance()
            return items
        }
        while true {
            skipBlanks()
            items.append(try value(depth: depth))
            skipBlanks()
            if current == UInt8(ascii: "]") { break }
            try expect(UInt8(ascii: ","))
        }
        advance()
        return items
    }

    /// A number, `true`, `false` or `null`, as it is written.
    private mutating func word() throws -> String {
        let start = position
        while let byte = current, byte > 0x20, byte < 0x7F, !",]}:\"[{".utf8.contains(byte) { advance() }
        let text = String(decoding: bytes[start..<position], as: UTF8.self)
        switch text {
        case "true", "false", "null": return text
        default:
            guard Self.isNumber(bytes[start..<position]) else { throw NotJSON() }
            return text
        }
    }

    /// RFC 8259, section 6: `-? (0|[1-9][0-9]*) (\.[0-9]+)? ([eE][-+]?[0-9]+)?`.
    private static func isNumber(_ text: ArraySlice<UInt8>) -> Bool {
        func digits(_ rest: inout ArraySlice<UInt8>) -> Int {
            let count = rest.prefix { $0 >= 0x30 && $0 <= 0x39 }.count
            rest = rest.dropFirst(count)
            return count
        }
        var rest = text
        if rest.first == UInt8(ascii: "-") { rest = rest.dropFirst() }
        let isZero = rest.first == UInt8(ascii: "0")
        let whole = digits(&rest)
        guard whole > 0, !isZero || whole == 1 else { return false }
        if rest.first == UInt8(ascii: ".") {
            rest = rest.dropFirst()
            guard digits(&rest) > 0 else { return false }
        }
        if rest.first == UInt8(ascii: "e") || rest.first == UInt8(ascii: "E") {
            rest = rest.dropFirst()
            if rest.first == UInt8(ascii: "-") || rest.first == UInt8(ascii: "+") { rest = rest.dropFirst() }
            guard digits(&rest) > 0 else { return false }
        }
        return rest.isEmpty
    }

    private mutating func string() throws -> String {
        let place = location
        try expect(UInt8(ascii: "\""))
        var text: [UInt8] = []
        while let byte = current {
            switch byte {
            case UInt8(ascii: "\""):
                advance()
                weight += text.count / 64
                return String(decoding: text, as: UTF8.self)
            case UInt8(ascii: "\\"):
                advance()
                let scalar = try escape()
                if scalar == "\0" {
                    throw YAMLError(code: "unsupported", at: place, "a text cannot hold the character NUL")
                }
                text += Array(String(Character(scalar)).utf8)
            case 0..<0x20: throw NotJSON()
            default:
                text.append(byte)
                advance()
            }
        }
        throw NotJSON()
    }

    private mutating func escape() throws -> UnicodeScalar {
        guard let byte = current else { throw NotJSON() }
        advance()
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): return UnicodeScalar(byte)
        case UInt8(ascii: "b"): return "\u{08}"
        case UInt8(ascii: "f"): return "\u{0C}"
        case UInt8(ascii: "n"): return "\n"
        case UInt8(ascii: "r"): return "\r"
        case UInt8(ascii: "t"): return "\t"
        case UInt8(ascii: "u"): break
        default: throw NotJSON()
        }
        let unit = try hexUnit()
        if let scalar = UnicodeScalar(unit) { return scalar }
        // A high surrogate must be followed by a low one.
        guard unit < 0xDC00 else { throw NotJSON() }
        try expect(UInt8(ascii: "\\"))
        try expect(UInt8(ascii: "u"))
        let low = try hexUnit()
        guard (0xDC00..<0xE000).contains(low),
            let scalar = UnicodeScalar(0x1_0000 + (UInt32(unit - 0xD800) << 10) + UInt32(low - 0xDC00))
        else { throw NotJSON() }
        return scalar
    }

    private mutating func hexUnit() throws -> UInt16 {
        guard position + 4 <= bytes.count else { throw NotJSON() }
        let digits = bytes[position..<position + 4]
        guard digits.allSatisfy({ Character(UnicodeScalar($0)).isHexDigit }),
            let unit = UInt16(String(decoding: digits, as: UTF8.self), radix: 16)
        else { throw NotJSON() }
        for _ in 0..<4 { advance() }
        return unit
    }
}
