/// A scalar as it was written, and what it means.
public struct SourceScalar: Sendable, Hashable {
    public enum Style: Sendable, Hashable {
        /// Written without quotes in a document: its type follows from its form.
        case plain
        /// Written in quotes: text.
        case quoted
        /// From a place without types, such as an environment variable: whatever type is asked for.
        case untyped
    }

    /// What a plain scalar means by the core schema of YAML 1.2 (https://yaml.org/spec/1.2.2/#103-core-schema), in which
    /// `yes`, `on` and `1_000` are texts and JSON's words mean what they mean in JSON.
    public enum Value: Sendable, Hashable {
        case null
        case bool(Bool)
        /// A whole number, perhaps too large for any type.
        case integer
        case float
        case text
    }

    public var text: String
    public var style: Style

    public init(_ text: String, style: Style) {
        self.text = text
        self.style = style
    }

    public var value: Value { style == .quoted ? .text : Self.resolve(text) }

    /// What `text` means when it stands without quotes.
    public static func resolve(_ text: String) -> Value {
        switch text {
        case "", "~", "null", "Null", "NULL": return .null
        case "true", "True", "TRUE": return .bool(true)
        case "false", "False", "FALSE": return .bool(false)
        case ".nan", ".NaN", ".NAN": return .float
        default: break
        }
        var bytes = Substring(text).utf8
        if text.hasPrefix("0o") {
            return text.utf8.count > 2 && bytes.dropFirst(2).allSatisfy { $0 >= 0x30 && $0 <= 0x37 } ? .integer : .text
        }
        if text.hasPrefix("0x") {
            let digits = bytes.dropFirst(2)
            return !digits.isEmpty && digits.allSatisfy(isHexDigit) ? .integer : .text
        }
        if bytes.first == UInt8(ascii: "-") || bytes.first == UInt8(ascii: "+") { bytes.removeFirst() }
        if ["inf", "Inf", "INF"].contains(where: { bytes.elementsEqual(("." + $0).utf8) }) { return .float }
        return number(bytes)
    }

    /// `[0-9]+` is an integer; `(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?` a float.
    private static func number(_ text: Substring.UTF8View) -> Value {
        let whole = text.prefix(while: isDigit)
        var rest = text[whole.endIndex...]
        if rest.isEmpty { return whole.isEmpty ? .text : .integer }
        if rest.first == UInt8(ascii: ".") {
            let fraction = rest.dropFirst().prefix(while: isDigit)
            if whole.isEmpty && fraction.isEmpty { return .text }
            rest = rest[fraction.endIndex...]
        } else if whole.isEmpty {
            return .text
        }
        if rest.isEmpty { return .float }
        guard rest.first == UInt8(ascii: "e") || rest.first == UInt8(ascii: "E") else { return .text }
        rest = rest.dropFirst()
        if rest.first == UInt8(ascii: "-") || rest.first == UInt8(ascii: "+") { rest = rest.dropFirst() }
        return !rest.isEmpty && rest.allSatisfy(isDigit) ? .float : .text
    }

    private static func isDigit(_ byte: UInt8) -> Bool { byte >= 0x30 && byte <= 0x39 }

    private static func isHexDigit(_ byte: UInt8) -> Bool {
        isDigit(byte) || (byte | 0x20 >= UInt8(ascii: "a") && byte | 0x20 <= UInt8(ascii: "f"))
    }

    /// The scalar in the words of a message, shortened.
    var summary: String {
        let shown = text.unicodeScalars.count > 60 ? String(text.unicodeScalars.prefix(60)) + "…" : text
        return switch value {
        case .null: "empty"
        case .bool: "'\(shown)'"
        case .integer, .float: "the number \(shown)"
        case .text: "the text '\(shown)'"
        }
    }
}
