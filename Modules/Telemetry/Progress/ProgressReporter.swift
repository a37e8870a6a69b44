import Glibc
import Synchronization

/// Shows on standard error how far something has come, redrawing one line, when it is a terminal; does nothing otherwise.
public final class ProgressReporter: Sendable {
    private let screen: (any ProgressScreen)?
    private let elapsed: @Sendable () -> Duration
    private let state: Mutex<State>

    private struct State {
        var line: ProgressLine
        var drawn: Duration?
        var finished = false
    }

    /// The least time between two drawings.
    private static let interval = Duration.milliseconds(100)

    /// - Parameters:
    ///   - total: how much there is in all, or `nil` when nobody knows.
    ///   - isShown: `false` for silence even on a terminal.
    public convenience init(_ label: String, total: Int?, unit: ProgressLine.Unit, isShown: Bool = true) {
        let start = ContinuousClock.now
        self.init(
            label, total: total, unit: unit,
            screen: isShown && TerminalDevice.isTerminal(STDERR_FILENO) ? StandardErrorScreen() : nil,
            elapsed: { ContinuousClock.now - start })
    }

    init(
        _ label: String, total: Int?, unit: ProgressLine.Unit, screen: (any ProgressScreen)?,
        elapsed: @escaping @Sendable () -> Duration
    ) {
        self.screen = screen
        self.elapsed = elapsed
        state = Mutex(
            State(line: ProgressLine(label: label, done: 0, total: total, unit: unit, elapsed: .zero)))
    }

    /// `amount` more is done.
    public func advance(by amount: Int = 1) { update { $0.done += amount } }

    /// So much is done in all.
    public func set(done: Int, total: Int? = nil, note: String? = nil) {
        update { line in
            line.done = done
            if let total { line.total = total }
            if let note { line.note = note }
        }
    }

    /// Draws the last state and moves to the next line; later changes are not shown.
    public func finish(note: String? = nil) {
        guard let screen else { return }
        state.withLock { state in
            guard !state.finished else { return }
            state.finished = true
            if let note { state.line.note = note }
            state.line.elapsed = elapsed()
            screen.draw(state.line.text(width: screen.width - 1), isFinal: true)
        }
    }

    private func update(_ change: (inout ProgressLine) -> Void) {
        guard let screen else { return }
        state.withLock { state in
            change(&state.line)
            let now = elapsed()
            if state.finished { return }
            if let drawn = state.drawn, now - drawn < Self.interval { return }
            state.drawn = now
            state.line.elapsed = now
            screen.draw(state.line.text(width: screen.width - 1), isFinal: false)
        }
    }
}

/// Where a line of progress is drawn.
protocol ProgressScreen: Sendable {
    var width: Int { get }
    /// Draws `line` over the one before it; the final one stays.
    func draw(_ line: String, isFinal: Bool)
}

struct StandardErrorScreen: ProgressScreen {
    var width: Int { TerminalDevice.width(STDERR_FILENO) }

    func draw(_ line: String, isFinal: Bool) {
        let bytes = Array("\r\(line)\u{1B}[K\(isFinal ? "\n" : "")".utf8)
        // A terminal that went away needs no progress.
        _ = write(STDERR_FILENO, bytes, bytes.count)
    }
}
