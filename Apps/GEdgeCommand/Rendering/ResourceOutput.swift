import Contracts
import FoundationEssentials
import YAMLKit

/// Prints resources in the format the user asked for.
struct ResourceOutput: Sendable {
    let format: OutputFormat
    let console: Console

    /// Prints the items one after another.
    /// - Parameter isShown: which of them; the columns are as wide as all of them need.
    func writeRows(
        _ list: ResourceList, showsHeadings: Bool, isPretty: Bool = false,
        where isShown: (ResourceRecord) -> Bool = { _ in true }
    ) throws {
        let items = list.items.filter(isShown)
        switch format {
        case .table:
            let lines = lines(of: list)
            if showsHeadings { try console.print(lines[0]) }
            for (line, item) in zip(lines.dropFirst(), list.items) where isShown(item) { try console.print(line) }
        case .name:
            for item in items { try console.print("\(item.kind.word)/\(item.metadata.name)") }
        case .json:
            for item in items { try console.print(try Self.json(item, isPretty: isPretty)) }
        case .yaml:
            for (index, item) in items.enumerated() {
                if index > 0 || !showsHeadings { try console.print("---") }
                let text = try YAML.encode(item)
                try console.output.write(text.hasSuffix("\n") ? text : text + "\n")
            }
        }
    }

    /// The list as a table, the headings first.
    func lines(of list: ResourceList) -> [String] {
        let width = console.output.isInteractive ? console.output.width : nil
        return Table(columns: list.columns, rows: list.rows).lines(palette: console.palette, width: width)
    }

    /// `value` as JSON with sorted keys.
    static func json(_ value: some Encodable, isPretty: Bool) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        if isPretty { encoder.outputFormatting.insert(.prettyPrinted) }
        return String(decoding: try encoder.encode(value), as: UTF8.self)
    }
}
