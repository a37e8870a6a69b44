import Core

/// Reads a command line by the command table.
///
/// GNU conventions: flags may stand anywhere; `--flag value`, `--flag=value`, `-f value` and `-fvalue` are the same; `--`
/// ends the flags.
struct CommandLineParser: Sendable {
    enum Outcome: Sendable {
        case run(Invocation)
        /// Help was asked for, about the command or group with this path.
        case help([String])
        /// `gedge --version`.
        case version
    }

    let table: CommandTable

    /// - Throws: `CommandError` with the code `usage`.
    func parse(_ arguments: [String]) throws(CommandError) -> Outcome {
        var path: [String] = []
        var command: Command?
        var operands: [String] = []
        var flags: [String: [String]] = [:]
        var wantsHelp = false
        var rest = arguments[...]
        var flagsEnded = false

        while let word = rest.popFirst() {
            if word == "--", !flagsEnded {
                flagsEnded = true
            } else if word.hasPrefix("-"), word != "-", !flagsEnded {
                if word == "-h" || word == "--help" {
                    wantsHelp = true
                } else if word == "--version", path.isEmpty {
                    return .version
                } else {
                    try takeFlag(word, &rest, command: command, path: path, into: &flags)
                }
            } else if command == nil {
                path.append(word)
                command = table.command(path)
                if command == nil, !table.isGroup(path) { throw unknown(path) }
            } else {
                operands.append(word)
            }
        }
        if wantsHelp { return .help(path) }
        guard let command else {
            if path.isEmpty { throw .usage("no command given") }
            throw .usage(
                "'gedge \(path.joined(separator: " "))' needs one of: \(table.words(after: path).joined(separator: ", "))"
            )
        }
        try checkOperands(operands, of: command)
        return .run(Invocation(command: command, operands: operands, flags: flags))
    }

    private func takeFlag(
        _ word: String, _ rest: inout ArraySlice<String>, command: Command?, path: [String],
        into flags: inout [String: [String]]
    ) throws(CommandError) {
        let known = (command?.flags ?? []) + CommandTable.globalFlags
        let flag: Flag
        var value: String?
        if word.hasPrefix("--") {
            let parts = word.dropFirst(2).split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            let name = String(parts[0])
            guard let match = known.first(where: { $0.name == name }) else {
                throw unknown(
                    flag: "--\(name)", command, Suggestion.question(name, among: known.map { $0.name }, prefix: "--"))
            }
            flag = match
            value = parts.count > 1 ? String(parts[1]) : nil
        } else {
            let letter = word[word.index(after: word.startIndex)]
            guard let match = known.first(where: { $0.short == letter }) else {
                throw unknown(flag: "-\(letter)", command, "")
            }
            flag = match
            let attached = word.dropFirst(2)
            value = attached.isEmpty ? nil : String(attached.hasPrefix("=") ? attached.dropFirst() : attached)
        }
        if let kind = flag.value {
            guard let text = value ?? rest.popFirst() else {
                throw .usage("flag --\(flag.name) needs a value: --\(flag.name) \(kind.placeholder)")
            }
            try check(text, is: kind, of: "flag --\(flag.name)")
            value = text
        } else if value != nil {
            throw .usage("flag --\(flag.name) takes no value")
        }
        if flags[flag.name] != nil, !flag.isRepeatable {
            throw .usage("flag --\(flag.name) is given twice")
        }
        flags[flag.name, default: []].append(value ?? "")
    }

    private func checkOperands(_ operands: [String], of command: Command) throws(CommandError) {
        let required = command.operands.filter(\.isRequired)
        if operands.count < required.count {
            throw .usage("'gedge \(command.name)' needs \(required[operands.count].placeholder): \(command.usage)")
        }
        if operands.count > command.operands.count, command.operands.last?.isRepeatable != true {
            throw .usage("'\(operands[command.operands.count])' is one word too many: \(command.usage)")
        }
        for (word, operand) in zip(operands, command.operands) {
            try check(word, is: operand.kind, of: "'gedge \(command.name)'")
        }
    }

    private func check(_ word: String, is kind: ValueKind, of owner: String) throws(CommandError) {
        if case .choice(let words, _) = kind, !words.contains(word.lowercased()) {
            throw .usage(
                "\(owner) takes one of \(words.joined(separator: ", ")), not '\(word)'"
                    + Suggestion.question(word, among: words))
        }
        if word.isEmpty { throw .usage("\(owner) does not take an empty \(kind.placeholder)") }
    }

    private func unknown(_ path: [String]) -> CommandError {
        let parent = path.dropLast()
        let typed = path.joined(separator: " ")
        let meant = NearestName.suggestion(for: path[path.count - 1], among: table.words(after: Array(parent)))
        let question = meant.map { "; did you mean '\((parent + [$0]).joined(separator: " "))'?" } ?? ""
        return .usage("unknown command '\(typed)'\(question)")
    }

    private func unknown(flag: String, _ command: Command?, _ question: String) -> CommandError {
        .usage("unknown flag \(flag)" + (command.map { " of 'gedge \($0.name)'" } ?? "") + question)
    }
}
