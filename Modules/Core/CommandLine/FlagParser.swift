/// Reads the command line of a program without subcommands, by the GNU conventions: flags may stand anywhere; `--flag
/// value`, `--flag=value`, `-f value` and `-fvalue` are the same; `--` ends the flags. `--help` and `-h` are always known.
public struct FlagParser: Sendable {
    public let program: String
    /// One line.
    public let summary: String
    public let flags: [FlagDescription]
    /// What the words that are not flags stand for; exactly so many are taken.
    public let operands: [String]

    public init(program: String, summary: String, flags: [FlagDescription], operands: [String] = []) {
        precondition(Set(flags.map(\.name)).count == flags.count, "\(program) has two flags of one name")
        self.program = program
        self.summary = summary
        self.flags = flags
        self.operands = operands
    }

    /// - Parameter arguments: without the program's own name.
    /// - Throws: `ConfigurationError` for a flag that is unknown, repeated, or lacks its value, and for a word too many or
    ///   too few. Words too few are no error when help was asked for.
    public func parse(_ arguments: [String]) throws(ConfigurationError) -> FlagValues {
        var values = FlagValues()
        var rest = arguments[...]
        var flagsEnded = false
        while let word = rest.popFirst() {
            if flagsEnded || word == "-" || !word.hasPrefix("-") {
                guard values.operands.count < operands.count else {
                    throw ConfigurationError(code: "usage", at: nil, "unexpected word '\(word)'; see \(program) --help")
                }
                values.operands.append(word)
            } else if word == "--" {
                flagsEnded = true
            } else if word == "--help" || word == "-h" {
                values.isHelpRequested = true
            } else {
                try takeFlag(word, &rest, into: &values)
            }
        }
        if values.operands.count < operands.count, !values.isHelpRequested {
            throw ConfigurationError(
                code: "usage", at: nil, "\(operands[values.operands.count]) is missing; see \(program) --help")
        }
        return values
    }

    private func takeFlag(
        _ word: String, _ rest: inout ArraySlice<String>, into values: inout FlagValues
    ) throws(ConfigurationError) {
        let (flag, attached) = try split(word)
        let location = SourceLocation(source: "flag --\(flag.name)")
        if values.has(flag.name), !flag.isRepeated {
            throw ConfigurationError(code: "usage", at: location, "is given twice")
        }
        if flag.kind == .boolean {
            let value = attached ?? "true"
            guard value == "true" || value == "false" else {
                throw ConfigurationError(
                    code: "invalid-value", at: location, "must be true or false, but is '\(value)'")
            }
            return values.append(value, to: flag.name)
        }
        let value: String
        if let attached {
            value = attached
        } else if let next = rest.first, !next.hasPrefix("--") {
            value = next
            rest = rest.dropFirst()
        } else {
            throw ConfigurationError(
                code: "missing-value", at: location, "needs a value: --\(flag.name) \(flag.placeholder ?? "VALUE")")
        }
        if case .choice(let words) = flag.kind, !words.contains(value) {
            throw ConfigurationError(
                code: "invalid-value", at: location,
                "must be one of \(words.joined(separator: ", ")), but is '\(value)'")
        }
        values.append(value, to: flag.name)
    }

    /// The flag that `word` names, and the value that is written in the same word.
    private func split(_ word: String) throws(ConfigurationError) -> (FlagDescription, String?) {
        if word.hasPrefix("--") {
            let parts = word.dropFirst(2).split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            let name = String(parts.first ?? "")
            guard let flag = flags.first(where: { $0.name == name }) else { throw unknown("--" + name) }
            return (flag, parts.count > 1 ? String(parts[1]) : nil)
        }
        guard let letter = word.dropFirst().first, let flag = flags.first(where: { $0.short == letter }) else {
            throw unknown(String(word.prefix(2)))
        }
        let attached = word.dropFirst(2)
        if attached.isEmpty { return (flag, nil) }
        return (flag, String(attached.hasPrefix("=") ? attached.dropFirst() : attached))
    }

    private func unknown(_ word: String) -> ConfigurationError {
        let known = flags.map { "--\($0.name)" } + ["--help"]
        let hint = NearestName.suggestion(for: word, among: known).map { "; did you mean '\($0)'?" } ?? ""
        return ConfigurationError(
            code: "unknown-flag", at: nil,
            "unknown flag '\(word.prefix(80))'\(hint.isEmpty ? "; see \(program) --help" : hint)")
    }

    /// How the program is called and what each flag does, ending with a line feed.
    public var usageText: String {
        let help = FlagDescription("help", short: "h", .boolean, help: "show this text")
        let all = flags + [help]
        let width = min(36, all.map { $0.usage.count }.max() ?? 0)
        var text = "\(summary)\n\nUsage: \(([program] + operands).joined(separator: " ")) [flags]\n\nFlags:\n"
        for flag in all {
            let notes = [
                flag.defaultText.map { "default: \($0)" }, flag.environmentName.map { "environment: \($0)" },
            ].compactMap(\.self)
            let usage = flag.usage
            text += "  \(usage)"
            text += usage.count > width ? "\n" + String(repeating: " ", count: width + 4) : pad(width + 2 - usage.count)
            text += flag.help + "\n"
            if !notes.isEmpty { text += pad(width + 4) + "(\(notes.joined(separator: "; ")))\n" }
        }
        return text
    }

    private func pad(_ count: Int) -> String { String(repeating: " ", count: count) }
}
