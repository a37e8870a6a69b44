import Contracts

/// The completion script for bash 4 and later, made from the command table. It needs nothing but bash itself.
struct BashCompletion: Sendable {
    let table: CommandTable

    var script: String {
        """
        # Completion of gedge for bash. Load it with: source <(gedge completion bash)

        # What the value of flag $2 of command $1 is; nothing for a switch.
        _gedge_value() {
            case "$1:$2" in
        \(flagCases)
            esac
        }

        # What the operand number $2 (from 0) of command $1 is.
        _gedge_operand() {
            case "$1:$2" in
        \(operandCases)
            esac
        }

        # The flags of command $1.
        _gedge_flags() {
            echo "\(words(of: CommandTable.globalFlags))"
            case "$1" in
        \(flagLists)
            esac
        }

        # The words that follow the words $1; nothing when they are a whole command.
        _gedge_words() {
            case "$1" in
        \(wordLists)
            esac
        }

        _gedge_reply() {
            local IFS=$'\\n'
            COMPREPLY=($(compgen -W "$1" -- "$current"))
        }

        # Completes the current word as a value of the kind $1.
        _gedge_complete() {
            local kind name
            case "$1" in
                file)
                    compopt -o filenames 2>/dev/null
                    local IFS=$'\\n'
                    COMPREPLY=($(compgen -f -- "$current"))
                    ;;
                directory)
                    compopt -o filenames 2>/dev/null
                    local IFS=$'\\n'
                    COMPREPLY=($(compgen -d -- "$current"))
                    ;;
                choice:*) _gedge_reply "$(tr ' ' '\\n' <<<"${1#choice:}")" ;;
                named)
                    # The name may stand apart from its kind: gedge get job NAME.
                    if [[ $first != */* ]]; then _gedge_reply "$(_gedge_names "$first" | sed 's,^[^/]*/,,')"; fi
                    ;;
                edge) _gedge_reply "$(_gedge_names edge | sed 's,^[^/]*/,,')" ;;
                kinds | resources:*)
                    if [[ $current == */* ]]; then
                        kind="${current%%/*}"
                        if [[ $1 == resources:* && " ${1#resources:} " != *" $kind/ "* ]]; then return; fi
                        _gedge_reply "$(_gedge_names "$kind" | sed "s,^[^/]*/,$kind/,")"
                    elif [[ $1 == kinds ]]; then
                        _gedge_reply "$(printf '%s\\n' \(ResourceKind.allCases.map(\.plural).joined(separator: " ")))"
                    else
                        compopt -o nospace 2>/dev/null
                        _gedge_reply "$(printf '%s\\n' ${1#resources:} | sed 's,^core/$,core,')"
                        if [[ ${COMPREPLY[*]} == core ]]; then compopt +o nospace 2>/dev/null; fi
                    fi
                    ;;
            esac
        }

        # The resources of kind $1 that the core knows, as KIND/NAME.
        _gedge_names() {
            command "${COMP_WORDS[0]}" "${state[@]}" get "$1" -o name --limit 500 --timeout 2s 2>/dev/null
        }

        _gedge() {
            local current="${COMP_WORDS[COMP_CWORD]}" command="" flag="" word first="" index operands=0
            local -a state=()
            COMPREPLY=()
            for ((index = 1; index < COMP_CWORD; index++)); do
                word="${COMP_WORDS[index]}"
                if [[ -n $flag ]]; then
                    # bash splits --flag=value into three words.
                    if [[ $word != "=" ]]; then
                        if [[ $flag == --state-dir ]]; then state=(--state-dir "$word"); fi
                        flag=""
                    fi
                elif [[ $word == -* && $word != - ]]; then
                    if [[ -n $(_gedge_value "$command" "$word") ]]; then flag="$word"; fi
                elif [[ -z $command || -n $(_gedge_words "$command") ]]; then
                    command="${command:+$command }$word"
                else
                    if ((operands == 0)); then first="$word"; fi
                    ((operands++))
                fi
            done
            if [[ $current == "=" ]]; then current=""; fi
            if [[ -n $flag ]]; then
                _gedge_complete "$(_gedge_value "$command" "$flag")"
            elif [[ $current == -* ]]; then
                _gedge_reply "$(_gedge_flags "$command" | tr ' ' '\\n')"
            elif [[ -n $(_gedge_words "$command") ]]; then
                _gedge_reply "$(_gedge_words "$command" | tr ' ' '\\n')"
            else
                _gedge_complete "$(_gedge_operand "$command" "$operands")"
            fi
        }

        complete -F _gedge gedge

        """
    }

    private func words(of flags: [Flag]) -> String {
        flags.flatMap { flag in ["--\(flag.name)"] + (flag.short.map { ["-\($0)"] } ?? []) }.joined(separator: " ")
    }

    private var flagCases: String {
        var lines: [String] = []
        for command in table.commands {
            for flag in command.flags {
                guard let kind = flag.value.flatMap(word) else { continue }
                let patterns = (flag.short.map { ["-\($0)"] } ?? []) + ["--\(flag.name)"]
                let pattern = patterns.map { "\"\(command.name):\($0)\"" }.joined(separator: " | ")
                lines.append("        \(pattern)) echo \"\(kind)\" ;;")
            }
        }
        for flag in CommandTable.globalFlags {
            if let kind = flag.value.flatMap(word) { lines.append("        *:--\(flag.name)) echo \"\(kind)\" ;;") }
        }
        return lines.joined(separator: "\n")
    }

    private var operandCases: String {
        var lines: [String] = []
        for command in table.commands {
            for (index, operand) in command.operands.enumerated() {
                let isName = index == 1 && operand.placeholder == "NAME"
                let kind: String? = command.path == ["help"] ? commandWords : isName ? "named" : word(operand.kind)
                guard let kind, kind != "text" else { continue }
                lines.append("        \"\(command.name):\(index)\") echo \"\(kind)\" ;;")
            }
        }
        return lines.joined(separator: "\n")
    }

    private var commandWords: String { "choice:" + table.words(after: []).joined(separator: " ") }

    private var flagLists: String {
        table.commands.filter { !$0.flags.isEmpty }
            .map { "        \"\($0.name)\") echo \"\(words(of: $0.flags))\" ;;" }.joined(separator: "\n")
    }

    private var wordLists: String {
        var groups: [[String]] = [[]]
        for command in table.commands {
            for length in 1..<max(1, command.path.count) {
                let group = Array(command.path.prefix(length))
                if !groups.contains(group) { groups.append(group) }
            }
        }
        return groups.map { group in
            "        \"\(group.joined(separator: " "))\") echo \"\(table.words(after: group).joined(separator: " "))\" ;;"
        }.joined(separator: "\n")
    }

    /// The script's word for a kind of value.
    private func word(_ kind: ValueKind) -> String? {
        switch kind {
        case .file: "file"
        case .directory: "directory"
        case .choice(let words, _): "choice:" + words.joined(separator: " ")
        case .kind: "kinds"
        case .resource(let kinds):
            "resources:"
                + (kinds == ["KIND"] ? ResourceKind.allCases.map(\.word) : kinds).map { "\($0)/" }
                .joined(separator: " ")
        case .edge: "edge"
        case .duration, .integer, .number, .text: "text"
        }
    }
}
