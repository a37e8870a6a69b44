/// One option of a command, as `--tail N`.
struct Flag: Sendable, Hashable {
    /// Without dashes.
    let name: String
    let short: Character?
    /// What follows it, or `nil` for a switch.
    let value: ValueKind?
    let isRepeatable: Bool
    let summary: String

    /// A flag that a value follows.
    init(_ name: String, short: Character? = nil, _ value: ValueKind, isRepeatable: Bool = false, _ summary: String) {
        self.name = name
        self.short = short
        self.value = value
        self.isRepeatable = isRepeatable
        self.summary = summary
    }

    /// A switch.
    init(_ name: String, short: Character? = nil, _ summary: String) {
        self.name = name
        self.short = short
        value = nil
        isRepeatable = false
        self.summary = summary
    }

    /// As a person types it: `-o, --output FORMAT`.
    var usage: String {
        (short.map { "-\($0), " } ?? "    ") + "--\(name)" + (value.map { " \($0.placeholder)" } ?? "")
    }
}

/// What kind of word a flag or an operand takes: its placeholder in the help, its check, and how the shell completes it.
enum ValueKind: Sendable, Hashable {
    case file
    case directory
    case duration
    case integer
    case number
    /// One of these words.
    case choice([String], placeholder: String)
    /// A kind of resource, alone or with a name.
    case kind
    /// `KIND/NAME`, one of these kinds.
    case resource([String])
    /// The name of an enrolled edge.
    case edge
    case text(placeholder: String)

    var placeholder: String {
        switch self {
        case .file: "FILE"
        case .directory: "DIR"
        case .duration: "TIME"
        case .integer: "N"
        case .number: "X"
        case .choice(_, let placeholder): placeholder
        case .kind: "KIND[/NAME]"
        case .resource(let kinds): kinds.count == 1 ? "\(kinds[0])/NAME" : "KIND/NAME"
        case .edge: "NAME"
        case .text(let placeholder): placeholder
        }
    }
}
