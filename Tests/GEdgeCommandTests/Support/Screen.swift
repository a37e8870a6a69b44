/// What a person would see: understands the few control sequences that the live display uses, and nothing else.
struct Screen {
    private(set) var rows: [String] = [""]
    private var row = 0
    /// Control sequences that are not known; there must be none.
    private(set) var unknown: [String] = []

    mutating func apply(_ text: String) {
        var rest = Substring(text)
        while let character = rest.popFirst() {
            switch character {
            case "\n":
                row += 1
                if row == rows.count { rows.append("") }
            case "\u{1B}":
                _ = rest.popFirst()
                let parameters = rest.prefix { $0.isNumber || $0 == ";" }
                rest = rest.dropFirst(parameters.count)
                control(rest.popFirst() ?? " ", Int(parameters) ?? 1)
            default: rows[row].append(character)
            }
        }
    }

    private mutating func control(_ command: Character, _ count: Int) {
        switch command {
        case "A": row = max(0, row - count)
        case "J":
            rows.removeSubrange(row...)
            rows.append("")
        case "m": break
        default: unknown.append(String(command))
        }
    }

    /// The rows without the empty one on which the cursor waits.
    var lines: [String] { rows.last == "" ? Array(rows.dropLast()) : rows }
}
