import YAMLKit

/// Prints answers that are no resources in the format the user asked for.
struct ValueOutput: Sendable {
    let format: OutputFormat
    let console: Console

    /// - Parameters:
    ///   - names: a word for each item, for `-o name`.
    ///   - table: the lines for a person.
    func write(_ value: some Encodable, names: [String], table: () throws -> [String]) throws {
        switch format {
        case .json: try console.print(try ResourceOutput.json(value, isPretty: true))
        case .yaml: try console.output.write(try YAML.encode(value))
        case .name: for name in names { try console.print(TextWidth.printable(name)) }
        case .table: for line in try table() { try console.print(line) }
        }
    }

    /// A table as wide as the terminal.
    func lines(_ columns: [String], _ rows: [[String]]) -> [String] {
        Table(columns: columns, rows: rows).lines(
            palette: console.palette, width: console.output.isInteractive ? console.output.width : nil)
    }
}
