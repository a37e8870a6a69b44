/// One flag of a program: what the parser accepts, the usage text shows and a shell can complete.
public struct FlagDescription: Sendable, Hashable {
    public enum Kind: Sendable, Hashable {
        /// `--name` is true; `--name=false` is false.
        case boolean
        case value(placeholder: String)
        case file
        case directory
        /// One of a few words.
        case choice([String])
    }

    /// Without its dashes.
    public let name: String
    /// The letter of the short form, such as `f` for `-f`.
    public let short: Character?
    public let kind: Kind
    /// Whether it may stand on a command line more than once.
    public let isRepeated: Bool
    /// One line.
    public let help: String
    public let defaultText: String?
    /// The environment variable that sets the same thing.
    public let environmentName: String?

    public init(
        _ name: String, short: Character? = nil, _ kind: Kind, isRepeated: Bool = false, help: String,
        defaultText: String? = nil, environmentName: String? = nil
    ) {
        self.name = name
        self.short = short
        self.kind = kind
        self.isRepeated = isRepeated
        self.help = help
        self.defaultText = defaultText
        self.environmentName = environmentName
    }

    var placeholder: String? {
        switch kind {
        case .boolean: nil
        case .value(let placeholder): placeholder
        case .file: "FILE"
        case .directory: "DIRECTORY"
        case .choice(let words): words.joined(separator: "|")
        }
    }

    /// As a person types it: `-f, --config FILE`.
    var usage: String {
        (short.map { "-\($0), " } ?? "    ") + "--\(name)" + (placeholder.map { " \($0)" } ?? "")
    }
}
