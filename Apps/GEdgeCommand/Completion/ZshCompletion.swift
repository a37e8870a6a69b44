import Contracts

/// The completion script for zsh, made from the command table.
struct ZshCompletion: Sendable {
    let table: CommandTable

    var script: String {
        """
        #compdef gedge
        # Completion of gedge for zsh. Save it as _gedge in a directory of fpath, or: source <(gedge completion zsh)

        # The resources of kind $1 that the core knows, as KIND/NAME.
        _gedge_names() {
            local -a state
            if [[ -n ${opt_args[--state-dir]} ]]; then state=(--state-dir ${opt_args[--state-dir]}); fi
            command gedge $state get $1 -o name --limit 500 --timeout 2s 2>/dev/null
        }

        # Completes KIND/NAME for the kinds in the arguments; with -k also a kind alone.
        _gedge_resources() {
            local -a names
            local alone=no kind
            if [[ $1 == -k ]]; then alone=yes; shift; fi
            if [[ $PREFIX == */* ]]; then
                kind=${PREFIX%%/*}
                if [[ $alone == no && ${@[(Ie)$kind]} == 0 ]]; then return 1; fi
                names=(${(f)"$(_gedge_names $kind)"})
                names=($kind/${^names#*/})
                compadd -a names
            elif [[ $alone == yes ]]; then
                compadd -- "$@"
            else
                names=(${@:#core})
                if [[ ${@[(Ie)core]} != 0 ]]; then compadd -- core; fi
                compadd -S / -- $names
            fi
        }

        # Completes the name of a resource whose kind is the word before: gedge get job NAME.
        _gedge_named() {
            local -a names
            if [[ $line[1] == */* ]]; then return 1; fi
            names=(${(f)"$(_gedge_names $line[1])"})
            names=(${names#*/})
            compadd -a names
        }

        _gedge_edges() {
            local -a names
            names=(${(f)"$(_gedge_names edge)"})
            names=(${names#*/})
            compadd -a names
        }

        \(functions)
        if [[ $funcstack[1] == _gedge ]]; then _gedge "$@"; else compdef _gedge gedge; fi

        """
    }

    private var functions: String {
        var groups: [[String]] = [[]]
        for command in table.commands {
            for length in 1..<max(1, command.path.count) {
                let group = Array(command.path.prefix(length))
                if !groups.contains(group) { groups.append(group) }
            }
        }
        let commands = table.commands.map { function($0.path, arguments: arguments($0)) }
        return (groups.reversed().map(groupFunction) + commands).joined(separator: "\n")
    }

    private func name(_ path: [String]) -> String { (["_gedge"] + path).joined(separator: "_") }

    /// The function that chooses among the words after `path`.
    private func groupFunction(_ path: [String]) -> String {
        let words = table.words(after: path)
        let described = words.map { word in
            let full = path + [word]
            let summary =
                table.command(full)?.summary
                ?? "\(table.words(after: full).joined(separator: ", ")) ..."
            return "            \(Self.quoted("\(word):\(summary)"))"
        }
        let cases = words.map { "            \($0)) \(name(path + [$0])) ;;" }
        return """
            \(name(path))() {
                local context state state_descr curcontext="$curcontext"
                local -a line commands
                typeset -A opt_args
                commands=(
            \(described.joined(separator: "\n").replacing("            '", with: "        '"))
                )
                _arguments -C \\
            \(globalArguments)
                    '1: :->command' '*:: :->rest'
                case $state in
                    command) _describe -t commands command commands ;;
                    rest)
                        case $line[1] in
            \(cases.joined(separator: "\n").replacing("            ", with: "                "))
                        esac
                        ;;
                esac
            }

            """
    }

    private func function(_ path: [String], arguments: String) -> String {
        """
        \(name(path))() {
            local -a line
            typeset -A opt_args
            _arguments \\
        \(arguments)
        }

        """
    }

    private var globalArguments: String {
        CommandTable.globalFlags.map { "        \(specification($0)) \\" }.joined(separator: "\n")
    }

    private func arguments(_ command: Command) -> String {
        var lines = (command.flags + CommandTable.globalFlags).map { "        \(specification($0))" }
        for (index, operand) in command.operands.enumerated() {
            let isName = index == 1 && operand.placeholder == "NAME"
            let action =
                command.path == ["help"]
                ? choices(table.words(after: [])) : isName ? "_gedge_named" : action(operand.kind)
            let position = operand.isRepeatable ? "*" : "\(index + 1)"
            lines.append("        \(Self.quoted("\(position):\(Self.escaped(operand.placeholder)):\(action)"))")
        }
        return lines.joined(separator: " \\\n")
    }

    /// A flag in the language of `_arguments`.
    private func specification(_ flag: Flag) -> String {
        let value = flag.value.map { ":\($0.placeholder):\(action($0))" } ?? ""
        let summary = "[\(Self.escaped(flag.summary))]\(value)"
        guard let short = flag.short else {
            return Self.quoted("\(flag.isRepeatable ? "*" : "")--\(flag.name)\(flag.value == nil ? "" : "=")\(summary)")
        }
        if flag.isRepeatable {
            return Self.quoted("*-\(short)\(flag.value == nil ? "" : "+")\(summary)") + " "
                + Self.quoted("*--\(flag.name)\(flag.value == nil ? "" : "=")\(summary)")
        }
        return
            "'(-\(short) --\(flag.name))'{-\(short)\(flag.value == nil ? "" : "+"),--\(flag.name)\(flag.value == nil ? "" : "=")}"
            + Self.quoted(summary)
    }

    private func choices(_ words: [String]) -> String { "(\(words.joined(separator: " ")))" }

    private func action(_ kind: ValueKind) -> String {
        switch kind {
        case .file: "_files"
        case .directory: "_files -/"
        case .choice(let words, _): choices(words)
        case .kind: "_gedge_resources -k \(ResourceKind.allCases.map(\.plural).joined(separator: " "))"
        case .resource(let kinds):
            "_gedge_resources " + (kinds == ["KIND"] ? ResourceKind.allCases.map(\.word) : kinds).joined(separator: " ")
        case .edge: "_gedge_edges"
        case .duration, .integer, .number, .text: " "
        }
    }

    private static func quoted(_ text: String) -> String { "'" + text.replacing("'", with: "'\\''") + "'" }

    private static func escaped(_ text: String) -> String {
        text.replacing("[", with: "\\[").replacing("]", with: "\\]").replacing(":", with: "\\:")
    }
}
