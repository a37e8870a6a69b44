import Contracts
import FoundationEssentials

/// A line of a daemon's log as a person reads it.
struct LogText: Sendable {
    let palette: Palette

    /// Keys that have a place of their own in the line.
    private static let placed: Set<String> = ["time", "level", "label", "message", "error"]

    /// `12:31:05.123 INFO  fedlearn  round closed  job=digits round=3`, for a line of JSON; any other line as it is.
    func line(_ text: String) -> String {
        guard let value = try? JSONDecoder().decode(JSONValue.self, from: Data(text.utf8)),
            case .object(let members) = value
        else {
            // Not JSON, such as what a crashing process left: shown rather than hidden.
            return TextWidth.printable(text)
        }
        func word(_ key: String) -> String { members[key].map(Self.plain) ?? "" }
        let level = word("level")
        var line = palette.dim(Self.clock(word("time"))) + " " + paint(level) + " "
        line += TextWidth.padded(TextWidth.printable(word("label")), 10) + "  "
        line += TextWidth.printable(word("message"))
        for (key, value) in members.sorted(by: { $0.key < $1.key }) where !Self.placed.contains(key) {
            // A trace id's first digits tell one job from another; the rest is in the raw form.
            let text = key == "trace" ? String(Self.plain(value).prefix(8)) : Self.rounded(Self.plain(value))
            line += "  " + palette.dim(TextWidth.printable(key) + "=") + TextWidth.printable(text)
        }
        if let error = members["error"] {
            // An error's code is for programs; its message says it all.
            let text = error["message"]?.string ?? Self.plain(error)
            line += "  " + palette.red("error=" + TextWidth.printable(text))
        }
        return line
    }

    private func paint(_ level: String) -> String {
        let text = TextWidth.padded(TextWidth.printable(level.uppercased()), 7)
        return switch level {
        case "error": palette.red(text)
        case "warning": palette.yellow(text)
        case "trace", "debug": palette.dim(text)
        default: text
        }
    }

    /// The date and time of an RFC 3339 time, with a space between them.
    private static func clock(_ time: String) -> String {
        TextWidth.printable(String(time.map { $0 == "T" ? " " : $0 }))
    }

    /// A number with more digits than anyone reads, to four decimals; any other text as it is.
    private static func rounded(_ text: String) -> String {
        guard text.utf8.count > 8, text.contains("."), text.utf8.allSatisfy({ $0 < 0x3A }), let value = Double(text),
            abs(value) >= 0.001
        else { return text }
        return NumberText.fixed(value, digits: 4)
    }

    private static func plain(_ value: JSONValue) -> String {
        if case .string(let text) = value { return text }
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        // A JSONValue that was decoded a moment ago can always be encoded.
        guard let data = try? encoder.encode(value) else { return "" }
        return String(decoding: data, as: UTF8.self)
    }
}
