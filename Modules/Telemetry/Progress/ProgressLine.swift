import Core

/// One line that says how far something has come: a bar, a percentage, the amount, the rate and the time left.
public struct ProgressLine: Sendable, Hashable {
    public enum Unit: Sendable, Hashable {
        case bytes
        /// Things of one kind, named in the plural, such as `rounds`.
        case items(String)
    }

    public var label: String
    public var done: Int
    /// How much there is in all, or `nil` while nobody knows.
    public var total: Int?
    public var unit: Unit
    public var elapsed: Duration
    /// What else there is to say, such as the accuracy so far.
    public var note: String

    public init(
        label: String, done: Int, total: Int?, unit: Unit, elapsed: Duration, note: String = ""
    ) {
        self.label = label
        self.done = done
        self.total = total
        self.unit = unit
        self.elapsed = elapsed
        self.note = note
    }

    /// How much is done, in [0, 1]; `nil` without a total.
    public var fraction: Double? {
        guard let total else { return nil }
        return total > 0 ? min(1, max(0, Double(done) / Double(total))) : 1
    }

    /// The time left at the average rate so far; `nil` while there is no rate, and without a total.
    public var remaining: Duration? {
        guard let total, done > 0, elapsed > .zero else { return nil }
        if done >= total { return .zero }
        return .milliseconds(Int64(min(elapsed.seconds * Double(total - done) / Double(done) * 1000, 1e15)))
    }

    /// The line, at most `width` characters long: the bar shrinks first, then the end is cut off.
    public func text(width: Int, fancy: Bool = true) -> String {
        var parts: [String] = []
        if let fraction { parts.append("\(Int(fraction * 100))%") }
        parts.append(total.map { "\(amount(done))/\(amount($0))\(suffix)" } ?? amount(done) + suffix)
        if done > 0, elapsed > .zero { parts.append(rate + "/s") }
        if let remaining, done < (total ?? 0) { parts.append("ETA \(DurationText.brief(remaining))") }
        if !note.isEmpty { parts.append(note) }
        let tail = parts.joined(separator: "  ")
        guard let fraction else { return String("\(label)  \(tail)".prefix(width)) }
        let room = min(40, width - label.count - tail.count - 6)
        guard room >= 5 else { return String("\(label)  \(tail)".prefix(width)) }
        return "\(label)  \(Self.bar(fraction, cells: room, fancy: fancy))  \(tail)"
    }

    /// `cells` characters between brackets; with eighths of a cell where the terminal can show them.
    static func bar(_ fraction: Double, cells: Int, fancy: Bool) -> String {
        let eighths = Int((fraction * Double(cells) * 8).rounded(.down))
        let full = eighths / 8
        if !fancy {
            let arrow = full < cells ? ">" : ""
            return "[" + String(repeating: "=", count: full) + arrow
                + String(repeating: " ", count: max(0, cells - full - arrow.count)) + "]"
        }
        let partial = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"][full < cells ? eighths % 8 : 0]
        return "▕" + String(repeating: "█", count: full) + partial
            + String(repeating: " ", count: max(0, cells - full - (partial.isEmpty ? 0 : 1))) + "▏"
    }

    private var rate: String {
        let perSecond = Double(done) / elapsed.seconds
        switch unit {
        case .bytes: return ByteCount(Int(min(perSecond, 1e18))).description
        case .items:
            let tenths = Int(min(perSecond * 10, 1e15).rounded())
            return perSecond >= 100 ? String(tenths / 10) : "\(tenths / 10).\(tenths % 10)"
        }
    }

    private func amount(_ value: Int) -> String {
        switch unit {
        case .bytes: ByteCount(value).description
        case .items: String(value)
        }
    }

    private var suffix: String { if case .items(let name) = unit, !name.isEmpty { " \(name)" } else { "" } }
}
