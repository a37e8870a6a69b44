import Glibc

/// What can be asked of an open file that may be a terminal.
enum TerminalDevice {
    static func isTerminal(_ file: Int32) -> Bool { isatty(file) == 1 }

    /// Whether colours are welcome: https://no-color.org.
    static func usesColor(_ file: Int32) -> Bool {
        guard isTerminal(file) else { return false }
        if let setting = variable("NO_COLOR"), !setting.isEmpty { return false }
        return variable("TERM") != "dumb"
    }

    /// The columns of a terminal, or 80 when it does not say.
    static func width(_ file: Int32) -> Int {
        var size = winsize()
        guard ioctl(file, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return 80 }
        return Int(size.ws_col)
    }

    private static func variable(_ name: String) -> String? { getenv(name).map { String(cString: $0) } }
}
