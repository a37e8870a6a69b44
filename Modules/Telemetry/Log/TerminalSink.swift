import Core
import Glibc
import Synchronization

/// Writes records for a person: `12:30:05.250Z INFO  bus: joined edge=seoul`, on standard error, in colours when it is a
/// terminal. Control characters in texts are shown, not obeyed, so that no peer can drive the terminal.
public final class TerminalSink: LogSink {
    private let file: Int32
    private let usesColor: Bool
    private let order = Mutex(())

    /// - Parameters:
    ///   - file: the open file descriptor to write to, standard error by default; it stays the caller's.
    ///   - usesColor: `nil` for colours on a terminal unless `NO_COLOR` is set or `TERM` is `dumb`.
    public init(file: Int32 = 2, usesColor: Bool? = nil) {
        self.file = file
        self.usesColor = usesColor ?? TerminalDevice.usesColor(file)
    }

    public func write(_ record: LogRecord) {
        let bytes = Array(Self.line(record, usesColor: usesColor).utf8)
        order.withLock { _ in
            var written = 0
            while written < bytes.count {
                let count = bytes[written...].withUnsafeBytes { Glibc.write(file, $0.baseAddress, $0.count) }
                if count > 0 { written += count } else if errno != EINTR { return }  // nobody is there to be told
            }
        }
    }

    /// The line for `record` with its line feed; a message of several lines continues indented.
    static func line(_ record: LogRecord, usesColor: Bool) -> String {
        let (word, color) = style(record.level)
        func paint(_ text: String, _ code: String) -> String { usesColor ? "\u{1B}[\(code)m\(text)\u{1B}[0m" : text }
        var line = paint(String(record.time.description.dropFirst(11)), "2") + " " + paint(word, color) + " "
        line += "\(visible(record.label)): \(visible(record.message))"
        var details = record.metadata.map { "\(visible($0.key))=\(visible($0.value))" }
        if let error = record.error { details.append("error=\(error.code): \(visible(error.message))") }
        if !details.isEmpty { line += " " + paint(details.joined(separator: " "), "2") }
        return line + "\n"
    }

    private static func style(_ level: LogLevel) -> (word: String, color: String) {
        switch level {
        case .trace: ("TRACE ", "2")
        case .debug: ("DEBUG ", "2")
        case .info: ("INFO  ", "32")
        case .notice: ("NOTICE", "36")
        case .warning: ("WARN  ", "33")
        case .error: ("ERROR ", "31")
        }
    }

    private static func visible(_ text: String) -> String {
        var result = ""
        for scalar in text.unicodeScalars {
            switch scalar.value {
            case 0x0A: result += "\n    "
            case 0..<0x20, 0x7F...0x9F: result += "\\u{\(String(scalar.value, radix: 16))}"
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result
    }
}
