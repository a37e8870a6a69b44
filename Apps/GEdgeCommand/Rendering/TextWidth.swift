/// How many terminal columns text takes, and how to make text safe to show.
enum TextWidth {
    /// Columns of `text`: none for combining marks, two for East Asian wide characters and emoji (Unicode TR 11), one for
    /// the rest.
    static func columns(_ text: String) -> Int {
        text.unicodeScalars.reduce(0) { $0 + columns($1) }
    }

    /// `text` cut to `limit` columns, the last of them `ellipsis` (one column) when something was cut.
    static func fitted(_ text: String, _ limit: Int, ellipsis: String = "…") -> String {
        guard columns(text) > limit else { return text }
        guard limit > 0 else { return "" }
        var kept = String.UnicodeScalarView()
        var used = 0
        for scalar in text.unicodeScalars {
            used += columns(scalar)
            if used > limit - 1 { break }
            kept.append(scalar)
        }
        return String(kept) + ellipsis
    }

    static func padded(_ text: String, _ width: Int, alignRight: Bool = false) -> String {
        let space = String(repeating: " ", count: max(0, width - columns(text)))
        return alignRight ? space + text : text + space
    }

    /// `text` without the control characters by which a hostile edge could drive the terminal of whoever looks.
    /// - Parameter keepingLines: whether line feeds and tabs stay.
    static func printable(_ text: String, keepingLines: Bool = false) -> String {
        guard text.unicodeScalars.contains(where: isControl) else { return text }
        var result = String.UnicodeScalarView()
        for scalar in text.unicodeScalars {
            if !isControl(scalar) || (keepingLines && (scalar == "\n" || scalar == "\t")) {
                result.append(scalar)
            } else if scalar == "\n" || scalar == "\t" {
                result.append(" ")
            } else {
                result.append("\u{FFFD}")
            }
        }
        return String(result)
    }

    private static func isControl(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0..<0x20, 0x7F..<0xA0: true
        // Marks that reorder what follows.
        case 0x202A...0x202E, 0x2066...0x2069: true
        default: false
        }
    }

    private static func columns(_ scalar: Unicode.Scalar) -> Int {
        switch scalar.value {
        case 0..<0x300: 1
        case 0x300...0x36F, 0x200B...0x200F, 0xFE00...0xFE0F: 0
        case 0x1100...0x115F, 0x2E80...0x303E, 0x3041...0x33FF, 0x3400...0x4DBF, 0x4E00...0x9FFF, 0xA000...0xA4CF,
            0xAC00...0xD7A3, 0xF900...0xFAFF, 0xFE30...0xFE6F, 0xFF00...0xFF60, 0xFFE0...0xFFE6, 0x1F300...0x1F64F,
            0x1F900...0x1F9FF, 0x20000...0x3FFFD:
            2
        default: 1
        }
    }
}
