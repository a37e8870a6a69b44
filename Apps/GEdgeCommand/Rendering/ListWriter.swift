import Contracts

/// Prints a list that comes page after page. A table waits for its last row, because its columns are as wide as their widest
/// cell; every other format is printed as it comes.
struct ListWriter {
    let kind: ResourceKind
    private let output: ResourceOutput
    /// The table so far.
    private var table = ResourceList(columns: [], rows: [], items: [])
    /// Items printed so far.
    private var count = 0

    init(kind: ResourceKind, format: OutputFormat, console: Console) {
        self.kind = kind
        output = ResourceOutput(format: format, console: console)
    }

    /// Takes the next page.
    mutating func write(_ page: ResourceList) throws {
        defer { count += page.items.count }
        switch output.format {
        case .table:
            table.columns = page.columns
            table.rows += page.rows
        case .json:
            for (index, item) in page.items.enumerated() {
                let text = try ResourceOutput.json(item, isPretty: true)
                let lines = text.split(separator: "\n", omittingEmptySubsequences: false).map {
                    $0.isEmpty ? "" : "    \($0)"
                }
                let start = count + index == 0 ? Self.opening : ",\n"
                try output.console.output.write(start + lines.joined(separator: "\n"))
            }
        case .yaml, .name:
            try output.writeRows(page, showsHeadings: count == 0)
        }
    }

    /// Prints what is left when the last page was taken.
    func finish() throws {
        switch output.format {
        case .table where count == 0: try output.console.remark("No \(kind.plural).")
        case .table: for line in output.lines(of: table) { try output.console.print(line) }
        case .json: try output.console.print((count == 0 ? Self.opening : "\n") + "  ],\n  \"kind\" : \"List\"\n}")
        case .yaml, .name: break
        }
    }

    /// A list is one object, laid out as JSONEncoder would.
    private static let opening = "{\n  \"apiVersion\" : \"\(ResourceRecord.apiVersion)\",\n  \"items\" : [\n"
}
