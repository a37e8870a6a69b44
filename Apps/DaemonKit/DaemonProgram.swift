public import Core
import FoundationEssentials
import Glibc
import YAMLKit

/// What the two daemons' `main` have in common: the command line, the configuration's layers, the exit code.
public struct DaemonProgram<Settings: Codable & Sendable>: Sendable {
    /// A configuration and what relative paths in it start from.
    public typealias Run = @Sendable (Settings, _ directory: String, FlagValues) async throws -> Void

    private let name: String
    private let summary: String
    private let prefix: String
    private let defaults: Settings
    private let help: [String: String]
    private let flags: [FlagDescription]
    private let secretVariables: [String]

    /// - Parameters:
    ///   - prefix: what this daemon's environment variables start with, such as `GEDGE_CORE`.
    ///   - flags: flags that are no settings.
    ///   - secretVariables: variables with the prefix that are no settings.
    public init(
        name: String, summary: String, prefix: String, defaults: Settings, help: [String: String],
        flags: [FlagDescription] = [], secretVariables: [String] = []
    ) {
        self.name = name
        self.summary = summary
        self.prefix = prefix
        self.defaults = defaults
        self.help = help
        self.flags = flags
        self.secretVariables = secretVariables
    }

    /// Reads the command line, resolves the configuration and runs the daemon.
    /// - Returns: the exit code: 0, 1 for a failure, 2 for a command line that is wrong.
    public func main(arguments: [String], run: Run) async -> Int32 {
        do {
            let configVariable = "\(prefix)_CONFIG"
            let layers = try ConfigurationLayers(
                defaults: defaults, environmentPrefix: prefix, otherVariables: Set(secretVariables + [configVariable]))
            let parser = FlagParser(
                program: name, summary: summary,
                flags: [
                    FlagDescription(
                        "config", .file, help: "the configuration file, YAML", environmentName: configVariable),
                    FlagDescription("version", .boolean, help: "print the version and exit"),
                ] + flags + layers.flags(help: help))
            let values = try parser.parse(Array(arguments.dropFirst()))
            if values.isHelpRequested {
                print(parser.usageText, terminator: "")
                return 0
            }
            if values.isSet("version") {
                print("\(name) \(Version.current)")
                return 0
            }
            let environment = ProcessInfo.processInfo.environment
            let file = values.text("config") ?? environment[configVariable]
            let settings = try layers.resolve(
                file: try file.flatMap { try YAML.configuration(ofFile: $0) }, environment: environment, flags: values)
            Self.raiseDescriptorLimit()
            Heap.limit()
            let directory = file.map(Self.directory) ?? FileManager.default.currentDirectoryPath
            try await run(settings, directory, values)
            return 0
        } catch let error as ConfigurationError {
            complain(error)
            return 2
        } catch let error as YAMLError {
            complain(error)
            return 2
        } catch {
            complain(error)
            return 1
        }
    }

    /// Every connection takes a descriptor, and libzmq ends the process when there is none left for one it accepts. Best
    /// effort: the hard limit is the operator's.
    private static func raiseDescriptorLimit() {
        var limit = rlimit()
        guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return }
        limit.rlim_cur = limit.rlim_max
        setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
    }

    private func complain(_ error: any Error) {
        let text = (error as? any ModuleError)?.description ?? String(describing: error)
        let line = Array("\(name): \(text)\n".utf8)
        _ = write(STDERR_FILENO, line, line.count)
    }

    /// The absolute directory of the file at `path`.
    private static func directory(of path: String) -> String {
        let absolute = path.hasPrefix("/") ? path : "\(FileManager.default.currentDirectoryPath)/\(path)"
        return absolute.lastIndex(of: "/").map { String(absolute[..<$0]) } ?? "/"
    }
}
