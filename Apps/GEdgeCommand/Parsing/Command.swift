/// One command: everything that the parser, the help and the shell completion need to know, and what it does.
struct Command: Sendable {
    typealias Body = @Sendable (Invocation, Context) async throws -> ExitCode

    /// The words that select it, as `["token", "create"]`.
    let path: [String]
    let topic: Topic
    /// One line.
    let summary: String
    /// More, for `gedge help COMMAND`; may be empty.
    let details: String
    let examples: [String]
    let operands: [Operand]
    let flags: [Flag]
    let run: Body

    init(
        _ path: String..., topic: Topic, summary: String, details: String = "", examples: [String] = [],
        operands: [Operand] = [], flags: [Flag] = [], run: @escaping Body
    ) {
        self.path = path
        self.topic = topic
        self.summary = summary
        self.details = details
        self.examples = examples
        self.operands = operands
        self.flags = flags
        self.run = run
    }

    var name: String { path.joined(separator: " ") }

    /// As `gedge get KIND[/NAME] [NAME] [flags]`.
    var usage: String {
        (["gedge", name] + operands.map(\.usage) + (flags.isEmpty ? [] : ["[flags]"])).joined(separator: " ")
    }
}

/// The headings under which the help lists commands.
enum Topic: String, Sendable, CaseIterable {
    case resources = "Resources"
    case data = "Data"
    case edges = "Edges"
    case observation = "Observation"
    case local = "This machine"
    case help = "Help"
}
