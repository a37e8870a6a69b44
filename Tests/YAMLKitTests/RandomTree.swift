import Core
import TestKit

/// Trees that documents can hold, at random, with a taste for texts that are hard to write.
struct RandomTree {
    private static let location = SourceLocation(source: "test")
    private static let pieces = [
        "a", "é", "😀", " ", "  ", "\n", "\n\n", "\t", ":", ": ", " #", "#", "- ", "-", "?", "'", "\"", "\\", "%", "@",
        "&x",
        "*x", "!t", "|", ">", "{", "}", "[", "]", ",", "`", "---", "...", "yes", "null", "~", "0x1", "1e3", "1_0",
        "12:30",
        "2001-01-01", "=", "<<", "\r", "\r\n", "\u{85}", "\u{2028}", "\u{FEFF}", "\u{1}", "\u{7F}", "\u{301}",
        "\u{FFFE}",
    ]
    private static let plain = [
        "null", "true", "false", "0", "-17", "3.5", "1.0e+20", ".inf", "-.inf", "18446744073709551615",
    ]

    static func text(using generator: inout some RandomNumberGenerator) -> String {
        (0..<Int.random(in: 0...6, using: &generator))
            .map { _ in pieces.randomElement(using: &generator) ?? "" }.joined()
    }

    static func node(depth: Int, using generator: inout some RandomNumberGenerator) -> SourceNode {
        switch Int.random(in: 0..<(depth > 0 ? 6 : 4), using: &generator) {
        case 4:
            let items = (0..<Int.random(in: 0...4, using: &generator)).map { _ in
                node(depth: depth - 1, using: &generator)
            }
            return SourceNode(.sequence(items), at: location)
        case 5:
            var keys: Set<String> = []
            var entries: [SourceEntry] = []
            for _ in 0..<Int.random(in: 0...4, using: &generator) {
                var key = text(using: &generator)
                if Int.random(in: 0..<20, using: &generator) == 0 { key += String(repeating: "long", count: 300) }
                guard !key.isEmpty, keys.insert(key).inserted else { continue }
                entries.append(SourceEntry(key: key, at: location, value: node(depth: depth - 1, using: &generator)))
            }
            return SourceNode(.mapping(entries), at: location)
        case 0:
            let text = plain.randomElement(using: &generator) ?? "0"
            return SourceNode(.scalar(SourceScalar(text, style: .plain)), at: location)
        default: return SourceNode(.scalar(SourceScalar(text(using: &generator), style: .quoted)), at: location)
        }
    }

    /// The tree without its places and styles, down to the bytes of its texts.
    static func essence(_ node: SourceNode) -> String {
        switch node.content {
        case .scalar(let scalar):
            scalar.value == .null
                ? "null"
                : (scalar.value == .text ? "s" : "p") + scalar.text.utf8.map { String($0) }.joined(separator: ".")
        case .sequence(let items): "[" + items.map(essence).joined(separator: ",") + "]"
        case .mapping(let entries):
            "{"
                + entries.map { $0.key.utf8.map { String($0) }.joined(separator: ".") + ":" + essence($0.value) }
                .joined(separator: ",") + "}"
        }
    }
}
