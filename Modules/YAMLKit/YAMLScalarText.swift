import Core

/// How a text is written as a YAML scalar.
enum YAMLScalarText {
    /// On one line: plain when every reader takes it for this text, otherwise in double quotes.
    static func flow(_ text: String) -> String { isPlain(text) ? text : quoted(text) }

    /// Whether a literal block (`|`) shows `text` better than quotes do, and unchanged.
    static func isLiteral(_ text: String) -> Bool {
        guard text.contains("\n"), let first = text.unicodeScalars.first, first != " ", first != "\n", first != "\t"
        else {
            return false
        }
        return text.unicodeScalars.allSatisfy { $0 == "\n" || isPrintable($0) }
    }

    /// Whether a reader of YAML 1.1 or 1.2 takes the bare `text` for this text.
    private static func isPlain(_ text: String) -> Bool {
        let scalars = text.unicodeScalars
        guard let first = scalars.first, let last = scalars.last, SourceScalar.resolve(text) == .text,
            !"-?:,[]{}#&*!|>'\"%@`=<~ ".unicodeScalars.contains(first), last != " ", last != ":",
            scalars.allSatisfy(isPrintable), !hasIndicator(text), !text.hasPrefix("...")
        else { return false }
        return !words.contains(text.lowercased()) && !looksNumeric(scalars)
    }

    /// Whether `: ` or ` #` ends a plain scalar inside `text`. Looks at bytes, because a combining mark after the space
    /// would hide it from a comparison of characters.
    private static func hasIndicator(_ text: String) -> Bool {
        zip(text.utf8, text.utf8.dropFirst()).contains { pair in
            pair == (UInt8(ascii: ":"), UInt8(ascii: " ")) || pair == (UInt8(ascii: " "), UInt8(ascii: "#"))
        }
    }

    /// What YAML 1.1 reads as a truth value or nothing.
    private static let words: Set<String> = ["y", "n", "yes", "no", "on", "off", "true", "false", "null"]

    /// Whether YAML 1.1 might read a number or a date: `1_000`, `0b1`, `12:30:00`, `2001-01-01`, `1.e+5`.
    private static func looksNumeric(_ text: String.UnicodeScalarView) -> Bool {
        guard let first = text.first, "0123456789+.".unicodeScalars.contains(first) else { return false }
        return text.allSatisfy { "0123456789abcdefABCDEFxXoO_:.+-TtZz ".unicodeScalars.contains($0) }
    }

    /// What YAML calls printable, less what readers treat as a line break or a byte order mark, and less tabs.
    private static func isPrintable(_ scalar: UnicodeScalar) -> Bool {
        switch scalar.value {
        case 0x20...0x7E, 0xA0...0x2027, 0x202A...0xD7FF, 0xE000...0xFEFE, 0xFF00...0xFFFD, 0x1_0000...0x10_FFFF: true
        default: false
        }
    }

    private static func quoted(_ text: String) -> String {
        var result = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": result += "\\\""
            case "\\": result += "\\\\"
            case "\n": result += "\\n"
            case "\t": result += "\\t"
            case "\r": result += "\\r"
            case _ where isPrintable(scalar): result.unicodeScalars.append(scalar)
            default: result += escape(scalar.value)
            }
        }
        return result + "\""
    }

    private static func escape(_ value: UInt32) -> String {
        let digits = String(value, radix: 16, uppercase: true)
        return value < 0x100
            ? "\\x" + String(repeating: "0", count: 2 - digits.count) + digits
            : "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
    }
}
