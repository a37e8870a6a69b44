/// How data is printed.
enum OutputFormat: String, Sendable, CaseIterable {
    case table, json, yaml, name

    init(_ invocation: Invocation) throws(CommandError) {
        // The parser let only known words through.
        self = invocation.text("output").flatMap { OutputFormat(rawValue: $0.lowercased()) } ?? .table
    }
}

extension Flag {
    static let output = Flag(
        "output", short: "o", .choice(OutputFormat.allCases.map(\.rawValue), placeholder: "FORMAT"),
        "table, json, yaml or name (default: table)")
}
