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
            let text = key == "trace" ? String(Self.plain(value).prefix(8)) : Self.plain(value)
            line += "  " + palette.dim(TextWidth.printable(key) + "=") + TextWidth.printable(text)
        }
        if members["error"] != nil { line += "  " + palette.red("error=" + TextWidth.printable(word("error"))) }
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

    private static func plain(_ value: JSONValue) -> String {
        if case .string(let text) = value { return text }
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        // A JSONValue that was decoded a moment ago can always be encoded.
        guard let data = try? encoder.encode(value) else { return "" }
        return String(decoding: data, as: UTF8.self)
    }
}
