import GEdgeCommand
import Glibc

let host = SystemHost()
let console = Console(
    output: SystemTerminal.standardOutput, error: SystemTerminal.standardError, environment: host.environment)
let code = await GEdge.run(Array(CommandLine.arguments.dropFirst()), console: console, host: host)
exit(code.rawValue)
