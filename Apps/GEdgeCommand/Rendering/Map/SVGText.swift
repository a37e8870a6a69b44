import Core

/// Pieces of an SVG document (W3C SVG 1.1): every text and attribute is escaped, every number is short.
enum SVGText {
    /// `text` as XML character data or the value of an attribute; what XML 1.0 does not allow becomes a replacement character.
    static func escaped(_ text: String) -> String {
        var result = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "&": result += "&amp;"
            case "<": result += "&lt;"
            case ">": result += "&gt;"
            case "\"": result += "&quot;"
            case "'": result += "&#39;"
            case "\t", "\n", "\r": result += " "
            default:
                let isAllowed = scalar.value >= 0x20 && scalar.value != 0xFFFE && scalar.value != 0xFFFF
                result.unicodeScalars.append(isAllowed ? scalar : "\u{FFFD}")
            }
        }
        return result
    }

    /// An element with attributes in the order given, and its content, which is XML already.
    static func element(_ name: String, _ attributes: [(String, String)], _ content: String? = nil) -> String {
        let start = "<\(name)" + attributes.map { " \($0.0)=\"\(escaped($0.1))\"" }.joined()
        return content.map { "\(start)>\($0)</\(name)>" } ?? "\(start)/>"
    }

    /// A number with a tenth of a pixel.
    static func number(_ value: Double) -> String {
        let text = NumberText.fixed(value, digits: 1)
        return text.hasSuffix(".0") ? String(text.dropLast(2)) : text
    }

    static func rect(_ rect: MapRect, _ attributes: [(String, String)], radius: Double = 0) -> String {
        element(
            "rect",
            [
                ("x", number(rect.x)), ("y", number(rect.y)), ("width", number(rect.width)),
                ("height", number(rect.height)), ("rx", number(radius)),
            ] + attributes)
    }

    /// A line of text that is at most `width` wide: cut where it is much too long, squeezed where it is a little.
    static func text(
        _ text: String, x: Double, y: Double, size: Double, width: Double, _ attributes: [(String, String)] = []
    ) -> String {
        let character = size * 0.58
        let fitted = TextWidth.fitted(TextWidth.printable(text), Int(width / (character * 0.9)))
        var all = [("x", number(x)), ("y", number(y)), ("font-size", number(size))] + attributes
        if Double(TextWidth.columns(fitted)) * character > width {
            all += [("textLength", number(width)), ("lengthAdjust", "spacingAndGlyphs")]
        }
        return element("text", all, escaped(fitted))
    }
}
