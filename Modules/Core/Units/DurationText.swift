/// Durations as people write them: `250ms`, `30s`, `5m`, `1h30m`.
public enum DurationText {
    /// Attoseconds per unit, largest unit first.
    private static let units: [(name: String, seconds: Int64, nanoseconds: Int64)] = [
        ("d", 86_400, 0), ("h", 3600, 0), ("m", 60, 0), ("s", 1, 0), ("ms", 0, 1_000_000), ("us", 0, 1000),
        ("ns", 0, 1),
    ]

    /// The longest duration that can be written: about 292 years.
    private static let limit: Int64 = 9_223_372_036

    /// Reads one or more numbers with the units `d h m s ms us ns`, such as `1h30m` or `1.5s`; `0` needs no unit.
    /// - Returns: `nil` when `text` is anything else, is negative, or exceeds 292 years.
    public static func parse(_ text: String) -> Duration? {
        if text == "0" { return .zero }
        var rest = Substring(text)
        var total = Duration.zero
        guard !rest.isEmpty, text.utf8.count <= 64 else { return nil }
        while !rest.isEmpty {
            let number = rest.prefix { $0.isASCII && ($0.isNumber || $0 == ".") }
            rest = rest.dropFirst(number.count)
            let name = rest.prefix { $0.isASCII && $0.isLetter }
            rest = rest.dropFirst(name.count)
            guard let first = number.first, first != ".", number.last != ".",
                let unit = units.first(where: { $0.name == name }),
                let part = scale(number, unit.seconds, unit.nanoseconds)
            else { return nil }
            total += part
            guard total <= .seconds(limit) else { return nil }
        }
        return total
    }

    /// `number` units. Whole numbers are exact; a fraction is rounded to the nanosecond.
    private static func scale(_ number: Substring, _ seconds: Int64, _ nanoseconds: Int64) -> Duration? {
        if let whole = Int64(number) {
            guard whole <= limit * (seconds > 0 ? 1 : 1_000_000_000) else { return nil }
            let (product, overflow) = whole.multipliedReportingOverflow(by: max(seconds, nanoseconds))
            if overflow { return nil }
            return seconds > 0 ? (product <= limit ? .seconds(product) : nil) : .nanoseconds(product)
        }
        guard let value = Double(number) else { return nil }
        let product = value * (Double(seconds) * 1e9 + Double(nanoseconds))
        guard product <= Double(limit) * 1e9 else { return nil }
        return .nanoseconds(Int64(product.rounded()))
    }

    /// Writes `duration` so that `parse` reads the same one back, to the nanosecond: `1h30m`, `1s500ms`.
    public static func exact(_ duration: Duration) -> String {
        let (seconds, attoseconds) = duration.components
        if seconds < 0 || attoseconds < 0 { return "-" + exact(.zero - duration) }
        var result = ""
        var remainder = seconds
        for unit in units where unit.seconds > 0 && unit.seconds < 86_400 {
            let (count, rest) = remainder.quotientAndRemainder(dividingBy: unit.seconds)
            if count > 0 { result += "\(count)\(unit.name)" }
            remainder = rest
        }
        var nanoseconds = attoseconds / 1_000_000_000
        for unit in units where unit.nanoseconds > 0 {
            let (count, rest) = nanoseconds.quotientAndRemainder(dividingBy: unit.nanoseconds)
            if count > 0 { result += "\(count)\(unit.name)" }
            nanoseconds = rest
        }
        return result.isEmpty ? "0s" : result
    }

    /// Writes `duration` for a display, with two units at most: `850ms`, `12.3s`, `4m05s`, `1h30m`, `3d04h`.
    public static func brief(_ duration: Duration) -> String {
        let milliseconds = duration.milliseconds
        if milliseconds < 0 { return "-" + brief(.zero - duration) }
        if milliseconds < 1000 { return "\(milliseconds)ms" }
        if milliseconds < 59_950 {
            let tenths = (milliseconds + 50) / 100
            return "\(tenths / 10).\(tenths % 10)s"
        }
        let seconds = (milliseconds + 500) / 1000
        if seconds < 3600 { return "\(seconds / 60)m\(pad(seconds % 60))s" }
        if seconds < 86_400 { return "\(seconds / 3600)h\(pad(seconds / 60 % 60))m" }
        return "\(seconds / 86_400)d\(pad(seconds / 3600 % 24))h"
    }

    private static func pad(_ value: Int64) -> String { value < 10 ? "0\(value)" : "\(value)" }

    /// A duration as a document holds it.
    static func decode(_ node: SourceNode, at path: [any CodingKey]) throws -> Duration {
        guard let text = node.text, let duration = parse(text) else {
            throw DecodingFailure.mismatch("a duration such as 30s, 5m or 1h30m", node, path)
        }
        return duration
    }
}
