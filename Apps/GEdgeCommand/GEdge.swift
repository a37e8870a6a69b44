/// The command line: what `main` calls.
public enum GEdge {
    /// Runs one command and returns what the process ends with; every error has been told on `console`.
    /// - Parameter arguments: without the program's own name.
    public static func run(_ arguments: [String], console: Console, host: any Host) async -> ExitCode {
        let table = CommandTable.standard
        if arguments.isEmpty {
            console.complain(HelpText(table: table, palette: console.errorPalette).text(about: []))
            return .usage
        }
        do {
            switch try CommandLineParser(table: table).parse(arguments) {
            case .version:
                try console.print(VersionCommand.text)
                return .success
            case .help(let path):
                try console.output.write(HelpText(table: table, palette: console.palette).text(about: path))
                return .success
            case .run(let invocation):
                return try await run(invocation, table: table, console: console, host: host)
            }
        } catch {
            report(error, arguments, table: table, console: console)
            return ExitCode(error)
        }
    }

    private static func run(
        _ invocation: Invocation, table: CommandTable, console: Console, host: any Host
    ) async throws -> ExitCode {
        let context = Context(
            console: invocation.has("no-color") ? console.withoutColor() : console, environment: host.environment,
            host: host,
            stateDirectory: StateLocation(flag: invocation.text("state-dir"), environment: host.environment),
            timeout: try timeout(of: invocation), table: table)
        return try await invocation.command.run(invocation, context)
    }

    private static func timeout(of invocation: Invocation) throws -> Duration? {
        let timeout = try invocation.duration("timeout")
        guard timeout != .zero else {
            throw CommandError.usage(
                "flag --timeout takes a time longer than none; leave it out to wait as long as it takes")
        }
        return timeout
    }

    private static func report(_ error: any Error, _ arguments: [String], table: CommandTable, console: Console) {
        console.complain(error)
        if ExitCode(error) == .usage {
            let path = arguments.prefix { !$0.hasPrefix("-") }
            let command = (0...path.count).reversed().lazy.map { Array(path.prefix($0)) }
                .first { table.command($0) != nil || table.isGroup($0) }
            let words = ["gedge", "help"] + (command ?? [])
            console.complain(console.errorPalette.dim("Type '\(words.joined(separator: " "))' for help."))
        }
    }
}
