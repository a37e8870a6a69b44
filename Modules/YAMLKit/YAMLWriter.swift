import Core

/// Prints a tree in YAML's block style, such that readers of YAML 1.1 and 1.2 read the same values.
struct YAMLWriter {
    private var text = ""

    static func text(of node: SourceNode) -> String {
        var writer = YAMLWriter()
        writer.write(node, indentation: 0, position: .lineStart)
        return writer.text
    }

    /// Where the cursor stands when a value is written.
    private enum Position {
        /// At the start of a line that has its indentation: a block may start right here.
        case lineStart
        /// Behind `key:` without a space: a block must start on a new line.
        case afterKey
    }

    private mutating func write(_ node: SourceNode, indentation: Int, position: Position) {
        switch node.content {
        case .scalar(let scalar):
            if position == .afterKey { text += " " }
            write(scalar, indentation: indentation)
        case .sequence(let items) where items.isEmpty: text += position == .afterKey ? " []\n" : "[]\n"
        case .mapping(let entries) where entries.isEmpty: text += position == .afterKey ? " {}\n" : "{}\n"
        case .sequence(let items):
            open(indentation, position)
            for (index, item) in items.enumerated() {
                if index > 0 { indent(indentation) }
                text += "- "
                write(item, indentation: indentation + 2, position: .lineStart)
            }
        case .mapping(let entries):
            open(indentation, position)
            for (index, entry) in entries.enumerated() {
                if index > 0 { indent(indentation) }
                write(entry, indentation: indentation)
            }
        }
    }

    private mutating func write(_ entry: SourceEntry, indentation: Int) {
        let key = YAMLScalarText.flow(entry.key)
        // A reader need not look further than 1,024 characters for the colon of a simple key.
        if key.unicodeScalars.count > 1000 {
            text += "? \(key)\n"
            indent(indentation)
            text += ": "
            write(entry.value, indentation: indentation + 2, position: .lineStart)
        } else {
            text += "\(key):"
            write(entry.value, indentation: indentation + 2, position: .afterKey)
        }
    }

    private mutating func open(_ indentation: Int, _ position: Position) {
        guard position == .afterKey else { return }
        text += "\n"
        indent(indentation)
    }

    private mutating func indent(_ count: Int) { text += String(repeating: " ", count: count) }

    private mutating func write(_ scalar: SourceScalar, indentation: Int) {
        // A plain scalar may be a text too, and then of several lines.
        if scalar.value != .text {
            text += (scalar.text.isEmpty ? "null" : scalar.text) + "\n"
            return
        }
        guard YAMLScalarText.isLiteral(scalar.text) else {
            text += YAMLScalarText.flow(scalar.text) + "\n"
            return
        }
        // At the top a literal block is indented too.
        let spaces = String(repeating: " ", count: max(indentation, 2))
        let body = scalar.text
        text += body.hasSuffix("\n\n") ? "|+\n" : body.hasSuffix("\n") ? "|\n" : "|-\n"
        for line in (body.hasSuffix("\n") ? body.dropLast() : body[...]).split(
            separator: "\n", omittingEmptySubsequences: false)
        {
            text += line.isEmpty ? "\n" : "\(spaces)\(line)\n"
        }
    }
}
