/// Rows under headings, in columns as wide as their widest cell.
struct Table: Sendable {
    var columns: [String]
    var rows: [[String]]

    init(columns: [String], rows: [[String]]) {
        self.columns = columns
        self.rows = rows
    }

    /// The table as lines without a final line feed, the headings first.
    ///
    /// A column of numbers is set flush right. A line never ends in white space.
    /// - Parameter width: the columns of an interactive terminal, to which lines are cut; `nil` to cut nothing.
    func lines(palette: Palette = .plain, width: Int? = nil) -> [String] {
        let count = columns.count
        let cells = rows.map { row in
            (0..<count).map { $0 < row.count ? TextWidth.printable(row[$0]) : "" }
        }
        let headings = columns.map { $0.uppercased() }
        let isNumeric = (0..<count).map { column in
            !cells.isEmpty && cells.allSatisfy { Self.isNumber($0[column]) }
        }
        let widths = (0..<count).map { column in
            cells.reduce(TextWidth.columns(headings[column])) {
                max($0, TextWidth.columns($1[column]))
            }
        }
        func line(_ cells: [String]) -> String {
            var text = ""
            for (column, cell) in cells.enumerated() {
                if column > 0 { text += "  " }
                text += TextWidth.padded(cell, widths[column], alignRight: isNumeric[column])
            }
            while text.hasSuffix(" ") { text.removeLast() }
            return width.map { TextWidth.fitted(text, $0, ellipsis: palette.ellipsis) } ?? text
        }
        return [palette.bold(line(headings))] + cells.map(line)
    }

    /// Whether a cell starts with a number, as `12`, `97.22%`, `31.2 KiB`, `5/10`, or stands for a missing one.
    private static func isNumber(_ cell: String) -> Bool {
        if cell == "-" || cell == "" { return true }
        let digits = cell.hasPrefix("-") ? cell.dropFirst() : Substring(cell)
        guard let first = digits.utf8.first, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(first) else {
            return false
        }
        // A unit may follow the number; a name such as `3d-model` or a date may not.
        let rest = digits.drop { $0.isNumber || $0 == "." || $0 == "," || $0 == "/" }
        return rest.isEmpty || rest == "%" || (rest.hasPrefix(" ") && !rest.contains { $0.isNumber })
    }
}
