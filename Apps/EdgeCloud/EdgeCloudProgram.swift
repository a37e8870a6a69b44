import Core
import DaemonKit
import FoundationEssentials
import MessageBus

/// The `edge-cloud` executable.
public enum EdgeCloudProgram {
    public static func main(arguments: [String]) async -> Int32 {
        let environment = ProcessInfo.processInfo.environment
        let joinVariable = "GEDGE_EDGE_JOIN"
        let stop = StopSignal.install()
        let program = DaemonProgram(
            name: "edge-cloud", summary: "Trains where the data is, as a member of a core cloud.", prefix: "GEDGE_EDGE",
            defaults: EdgeConfiguration(stateDirectory: StatePath.standard("edge", environment: environment)),
            help: EdgeConfiguration.help,
            flags: [
                FlagDescription(
                    "join", .value(placeholder: "TOKEN|@FILE|-"),
                    help: "the token to enrol with, the first time: itself, in a file, or on standard input",
                    environmentName: joinVariable)
            ],
            secretVariables: [joinVariable])
        return await program.main(arguments: arguments) { settings, directory, flags in
            let token = try JoinTokenSource.read(flags.text("join") ?? environment[joinVariable])
            try await EdgeCloud(configuration: settings, relativeTo: directory, token: token).run {
                _ = try await stop()
            }
        }
    }
}
