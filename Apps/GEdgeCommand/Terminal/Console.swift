import Core

/// The two streams of a command: data goes to `output`, everything else to `error`.
public struct Console: Sendable {
    public let output: any Terminal
    public let error: any Terminal
    private let wantsColor: Bool
    private let isUnicode: Bool
    private let isDumb: Bool

    /// - Parameter environment: where `NO_COLOR` (no-color.org), `TERM` and the locale say what the terminal can show.
    public init(output: any Terminal, error: any Terminal, environment: [String: String]) {
        let locale = ["LC_ALL", "LC_CTYPE", "LANG"].lazy.compactMap { environment[$0] }.first { !$0.isEmpty } ?? ""
        self.init(
            output: output, error: error,
            wantsColor: (environment["NO_COLOR"] ?? "").isEmpty && environment["TERM"] != "dumb",
            isUnicode: locale.lowercased().contains("utf-8") || locale.lowercased().contains("utf8"),
            isDumb: environment["TERM"] == "dumb")
    }

    private init(output: any Terminal, error: any Terminal, wantsColor: Bool, isUnicode: Bool, isDumb: Bool) {
        self.output = output
        self.error = error
        self.wantsColor = wantsColor
        self.isUnicode = isUnicode
        self.isDumb = isDumb
    }

    func withoutColor() -> Console {
        Console(output: output, error: error, wantsColor: false, isUnicode: isUnicode, isDumb: isDumb)
    }

    var palette: Palette { Palette(isColored: wantsColor && output.isInteractive, isUnicode: isUnicode) }
    var errorPalette: Palette { Palette(isColored: wantsColor && error.isInteractive, isUnicode: isUnicode) }

    /// Whether lines of the output can be drawn over.
    var canRedraw: Bool { output.isInteractive && !isDumb }

    /// A line of data.
    func print(_ line: String) throws { try output.write(line + "\n") }

    /// Text of several lines, made safe to show and ended with a line feed.
    func printText(_ text: String) throws {
        let text = output.isInteractive ? TextWidth.printable(text, keepingLines: true) : text
        try output.write(text.hasSuffix("\n") || text.isEmpty ? text : text + "\n")
    }

    /// A remark for a person; nothing when nobody looks.
    func remark(_ line: String) throws {
        if error.isInteractive { try error.write(errorPalette.dim(line) + "\n") }
    }

    /// An error, with the program's name in front and what caused it, and what caused that, behind.
    func complain(_ error: any Error) {
        var messages: [String] = []
        var next: (any Error)? = error
        while let current = next, messages.count < 8 {
            messages.append((current as? any ModuleError)?.message ?? String(describing: current))
            next = (current as? any ModuleError)?.cause
        }
        var message = messages.joined(separator: ": ")
        if let remedy = (error as? CommandError)?.remedy { message += (message.hasSuffix("?") ? " " : ". ") + remedy }
        complain("\(errorPalette.red("gedge:")) \(TextWidth.printable(message, keepingLines: true))")
    }

    /// A line that belongs on standard error whoever reads it.
    func complain(_ line: String) {
        // Nowhere is left to report that standard error itself cannot be written.
        try? error.write(line + "\n")
    }
}
