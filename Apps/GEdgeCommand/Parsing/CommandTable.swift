/// Every command there is; the parser, the help and the shell completion are all made from it.
struct CommandTable: Sendable {
    let commands: [Command]

    static let standard = CommandTable(
        commands: resources + DataCommand.stored + ArchiveCommand.commands + SyncCommand.commands + JobCommand.commands
            + EdgeCommand.commands
            + others)

    private static let resources = [
        ApplyCommand.command, GetCommand.command, DescribeCommand.command, DeleteCommand.command, WatchCommand.command,
        WaitCommand.command, ExplainCommand.command, ReportCommand.command, ModelCommand.pull,
    ]

    private static let others = [
        TokenCommand.create,
        TopCommand.command, PlotCommand.command, LogsCommand.command, MetricsCommand.command, NetCommand.test,
        DataCommand.split, DataCommand.inspect, SimulateCommand.command, PlacementCommand.solve, PlacementCommand.alone,
        TopologyCommand.show, TopologyCommand.importFile, TopologyMapCommand.graph, DoctorCommand.command,
        CompletionCommand.command, HelpCommand.command, VersionCommand.command,
    ]

    /// Flags that stand anywhere on any command line.
    static let globalFlags = [
        Flag(
            "state-dir", .directory,
            "the state directory of the core, or of an edge (default: $GEDGE_STATE, else ~/.local/state/gedge/core)"),
        Flag("timeout", .duration, "give up after this time, such as 30s or 5m (default: 10s a question)"),
        Flag("no-color", "plain text, whatever the terminal can show"),
        Flag("help", short: "h", "explain the command"),
    ]

    func command(_ path: [String]) -> Command? { commands.first { $0.path == path } }

    /// Whether longer paths start with `path`.
    func isGroup(_ path: [String]) -> Bool {
        commands.contains { $0.path.count > path.count && Array($0.path.prefix(path.count)) == path }
    }

    /// The words that may follow `path`, each once, in the order of the table.
    func words(after path: [String]) -> [String] {
        var words: [String] = []
        for command in commands where command.path.count > path.count && Array(command.path.prefix(path.count)) == path
        {
            let word = command.path[path.count]
            if !words.contains(word) { words.append(word) }
        }
        return words
    }
}
