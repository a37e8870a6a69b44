/// How text may be set off for whoever looks: colours and characters beyond ASCII.
struct Palette: Sendable, Hashable {
    let isColored: Bool
    /// Whether the terminal's locale shows Unicode.
    let isUnicode: Bool

    static let plain = Palette(isColored: false, isUnicode: true)

    func bold(_ text: String) -> String { paint(text, "1") }
    func dim(_ text: String) -> String { paint(text, "2") }
    func red(_ text: String) -> String { paint(text, "31") }
    func green(_ text: String) -> String { paint(text, "32") }
    func yellow(_ text: String) -> String { paint(text, "33") }
    func cyan(_ text: String) -> String { paint(text, "36") }

    /// What stands where text was cut.
    var ellipsis: String { isUnicode ? "…" : "~" }
    /// What stands between two facts on one line.
    var dot: String { isUnicode ? " · " : ", " }

    /// A bar of `width` columns, `share` (0 to 1) of it filled.
    func bar(_ share: Double, width: Int) -> String {
        let filled = Int((min(1, max(0, share)) * Double(width)).rounded(.down))
        let (full, empty) = isUnicode ? ("█", "░") : ("#", ".")
        return green(String(repeating: full, count: filled)) + dim(String(repeating: empty, count: width - filled))
    }

    private func paint(_ text: String, _ code: String) -> String {
        isColored && !text.isEmpty ? "\u{1B}[\(code)m\(text)\u{1B}[0m" : text
    }
}
