import Contracts

/// A resource as a person names it: `job/digits`, `job digits`, or every one of a kind.
struct ResourceReference: Sendable, Hashable, CustomStringConvertible {
    let kind: ResourceKind
    let name: String?

    /// Reads `KIND`, `KIND/NAME` or `KIND NAME`.
    init(_ words: [String]) throws(CommandError) {
        guard let first = words.first else { throw .usage("name a kind of resource: \(Self.kindWords)") }
        let parts = first.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        kind = try Self.kind(parts[0])
        if parts.count == 2 {
            if words.count > 1 { throw .usage("'\(words[1])' is one word too many after \(first)") }
            if parts[1].isEmpty { throw .usage("'\(first)' lacks the name after the '/'") }
            name = parts[1]
        } else {
            name = words.count > 1 ? words[1] : nil
        }
    }

    /// Reads `KIND/NAME` or `KIND NAME`.
    static func named(_ words: [String]) throws(CommandError) -> (kind: ResourceKind, name: String) {
        let reference = try ResourceReference(words)
        guard let name = reference.name else {
            throw .usage("name one: \(reference.kind.word)/NAME; 'gedge get \(words[0])' lists them")
        }
        return (reference.kind, name)
    }

    /// Reads `job/NAME` or plain `NAME`.
    static func name(_ word: String, of kind: ResourceKind) throws(CommandError) -> String {
        guard word.contains("/") else { return word }
        let reference = try ResourceReference([word])
        guard reference.kind == kind, let name = reference.name else {
            throw .usage("'\(word)' is not \(kind == .edge ? "an" : "a") \(kind.word); name one as \(kind.word)/NAME")
        }
        return name
    }

    static func kind(_ word: String) throws(CommandError) -> ResourceKind {
        guard let kind = ResourceKind(alias: word) else {
            let words = ResourceKind.allCases.flatMap(\.aliases)
            throw .usage(
                "unknown kind '\(word)'\(Suggestion.question(word, among: words)); there are \(kindWords)")
        }
        return kind
    }

    var description: String { name.map { "\(kind.word)/\($0)" } ?? kind.plural }

    private static var kindWords: String { ResourceKind.allCases.map(\.plural).joined(separator: ", ") }
}

extension ResourceKind {
    /// The word people type for one, as `job`.
    var word: String { aliases[0] }
    /// The word people type for many, as `jobs`.
    var plural: String { aliases.first { $0 != word } ?? word }
}
