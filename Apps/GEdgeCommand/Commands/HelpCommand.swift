/// `gedge help`.
enum HelpCommand {
    static let command = Command(
        "help", topic: .help, summary: "explain the commands, or one of them",
        examples: ["gedge help", "gedge help data split"],
        operands: [Operand(.text(placeholder: "COMMAND"), isRequired: false, isRepeatable: true)]
    ) { invocation, context in
        let path = invocation.operands
        guard path.isEmpty || context.table.command(path) != nil || context.table.isGroup(path) else {
            let known = context.table.commands.map(\.name) + context.table.words(after: [])
            let typed = path.joined(separator: " ")
            throw CommandError.usage("unknown command '\(typed)'\(Suggestion.question(typed, among: known))")
        }
        let help = HelpText(table: context.table, palette: context.console.palette)
        try context.console.output.write(help.text(about: path))
        return .success
    }
}
