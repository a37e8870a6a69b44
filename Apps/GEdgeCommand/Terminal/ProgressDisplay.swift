import Core
import Telemetry

/// A line on standard error that says how far something is, drawn over ten times a second at most; nothing when nobody
/// looks. For one task at a time.
struct ProgressDisplay {
    private let console: Console
    private let label: String
    private let unit: ProgressLine.Unit
    private let start = ContinuousClock.now
    private var drawn: ContinuousClock.Instant?

    init(_ label: String, unit: ProgressLine.Unit = .bytes, console: Console) {
        self.label = label
        self.unit = unit
        self.console = console
    }

    /// So much is done, and what else there is to say.
    mutating func show(done: Int, total: Int?, note: String = "", isLast: Bool = false) throws {
        guard console.error.isInteractive else { return }
        let now = ContinuousClock.now
        if !isLast, let drawn, now - drawn < .milliseconds(100) { return }
        drawn = now
        let line = ProgressLine(
            label: label, done: done, total: total, unit: unit, elapsed: now - start, note: note)
        let text = line.text(width: console.error.width - 1, fancy: console.errorPalette.isUnicode)
        try console.error.write("\r\(text)\u{1B}[K\(isLast ? "\n" : "")")
    }

    /// Takes the line away, for others to write where it stood.
    mutating func clear() throws {
        guard drawn != nil else { return }
        drawn = nil
        try console.error.write("\r\u{1B}[K")
    }
}
