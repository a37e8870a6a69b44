import Core
import DaemonKit
import FoundationEssentials

/// The `core-cloud` executable.
public enum CoreCloudProgram {
    public static func main(arguments: [String]) async -> Int32 {
        let stop = StopSignal.install()
        let program = DaemonProgram(
            name: "core-cloud", summary: "Keeps the jobs and models, and decides where training runs.",
            prefix: "GEDGE_CORE",
            defaults: CoreConfiguration(
                stateDirectory: StatePath.standard("core", environment: ProcessInfo.processInfo.environment)),
            help: CoreConfiguration.help)
        return await program.main(arguments: arguments) { settings, directory, _ in
            try await CoreCloud(configuration: settings, relativeTo: directory).run { _ = try await stop() }
        }
    }
}
