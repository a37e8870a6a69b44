import Contracts
import Core

/// Measurements of links as people read them: decimal units, as networks are sold.
enum LinkText {
    /// `0.82 ms`, `12 ms`, `1.4 s`, with three digits at most where that is exact enough.
    static func time(_ seconds: Double) -> String {
        guard seconds.isFinite, seconds >= 0 else { return "unknown" }
        if seconds >= 10 { return "\(NumberText.fixed(seconds, digits: 0)) s" }
        if seconds >= 1 { return "\(NumberText.fixed(seconds, digits: 1)) s" }
        let milliseconds = seconds * 1000
        let digits = milliseconds < 1 ? 3 : milliseconds < 10 ? 2 : milliseconds < 100 ? 1 : 0
        return "\(NumberText.fixed(milliseconds, digits: digits)) ms"
    }

    /// `512 B`, `1 kB`, `1.5 MB`.
    static func size(_ bytes: Int) -> String { scaled(Double(bytes), space: " ", unit: "B") }

    /// `812 MB/s`.
    static func rate(_ bytesPerSecond: Double) -> String { scaled(bytesPerSecond, space: " ", unit: "B") + "/s" }

    /// `1.6 Gbit/s`.
    static func bits(_ bytesPerSecond: Double) -> String { scaled(bytesPerSecond * 8, space: " ", unit: "bit") + "/s" }

    /// `812M`, where the unit is told elsewhere.
    static func brief(_ bytesPerSecond: Double) -> String { scaled(bytesPerSecond, space: "", unit: "") }

    /// A share as `5%`, never rounded to none or all.
    static func share(_ share: Double) -> String {
        if share > 0, share < 0.01 { return "<1%" }
        return "\(Int((share * 100).rounded(share < 1 ? .down : .toNearestOrEven)))%"
    }

    /// How long before `now` something was, as `3s ago`; `just now` for what is newer than a second or from the future.
    static func age(of time: Timestamp?, at now: Timestamp) -> String {
        guard let time else { return "never" }
        let seconds = Double(now.milliseconds - time.milliseconds) / 1000
        if seconds < 1 { return "just now" }
        return "\(seconds < 60 ? "\(Int(seconds))s" : NumberText.span(seconds: seconds.rounded(.down))) ago"
    }

    private static func scaled(_ value: Double, space: String, unit: String) -> String {
        guard value.isFinite, value >= 0 else { return "unknown" }
        var value = value
        var prefix = ""
        for next in ["k", "M", "G", "T"] where value >= 999.5 {
            value /= 1000
            prefix = next
        }
        let isWhole = value.rounded() == value || value >= 99.95 || (prefix.isEmpty && !unit.isEmpty)
        let text = NumberText.fixed(value, digits: isWhole ? 0 : 1)
        return text + space + prefix + unit
    }
}
