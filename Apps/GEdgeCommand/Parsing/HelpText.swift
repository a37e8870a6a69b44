/// Help, written from the command table.
struct HelpText: Sendable {
    let table: CommandTable
    let palette: Palette

    /// The help about a command or a group of commands; everything for an empty path.
    func text(about path: [String]) -> String {
        if let command = table.command(path) { return text(command) }
        return path.isEmpty ? overview() : group(path)
    }

    private func overview() -> String {
        var text = "gedge: train and serve machine-learning models across a core cloud and its edge clouds.\n"
        text += "\n\(palette.bold("Usage:")) gedge COMMAND [flags]\n"
        let width = table.commands.map(\.name.count).max() ?? 0
        for topic in Topic.allCases {
            text += "\n\(palette.bold(topic.rawValue + ":"))\n"
            for command in table.commands where command.topic == topic {
                text += "  \(TextWidth.padded(command.name, width))  \(command.summary)\n"
            }
        }
        text += "\n" + flags(CommandTable.globalFlags, title: "Flags of every command:")
        text += "\nExit codes: 0 ok, 1 failed, 2 usage, 3 not found, 4 unreachable, 5 timed out.\n"
        return text + "Type 'gedge help COMMAND' for one command.\n"
    }

    private func group(_ path: [String]) -> String {
        let commands = table.commands.filter { Array($0.path.prefix(path.count)) == path }
        let width = commands.map(\.name.count).max() ?? 0
        var text = "\(palette.bold("Usage:")) gedge \(path.joined(separator: " ")) COMMAND [flags]\n\n"
        for command in commands { text += "  \(TextWidth.padded(command.name, width))  \(command.summary)\n" }
        return text
    }

    private func text(_ command: Command) -> String {
        var text = "\(command.summary)\n\n\(palette.bold("Usage:")) \(command.usage)\n"
        if !command.details.isEmpty { text += "\n\(command.details)\n" }
        if !command.examples.isEmpty {
            text += "\n\(palette.bold("Examples:"))\n"
            for example in command.examples { text += "  \(example)\n" }
        }
        if !command.flags.isEmpty { text += "\n" + flags(command.flags, title: "Flags:") }
        return text + "\n" + flags(CommandTable.globalFlags, title: "Flags of every command:")
    }

    private func flags(_ flags: [Flag], title: String) -> String {
        let width = flags.map(\.usage.count).max() ?? 0
        return palette.bold(title) + "\n"
            + flags.map { "  \(TextWidth.padded($0.usage, width))  \($0.summary)\n" }.joined()
    }
}
