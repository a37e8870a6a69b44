public import Contracts
public import DaemonKit

/// Everything an operator can say about an edge cloud, in its file, its environment (`GEDGE_EDGE_…`) or its flags.
public struct EdgeConfiguration: Codable, Sendable, Hashable {
    /// Where the edge keeps its database, shards, keys and logs.
    public var stateDirectory: String
    /// The core's address: `tcp://HOST:PORT`.
    public var core = "tcp://127.0.0.1:7700"
    /// The name to enrol under, unless the token has one; empty for the machine's host name.
    public var name = ""
    /// Words to select this edge by.
    public var labels: [String: String] = [:]
    /// The data that lies here.
    public var datasets: [DatasetEntry] = []
    /// What may leave this edge, whatever the core's policies say.
    public var sync = LocalSyncRules()
    public var log = LogSettings()

    /// The defaults.
    public init(stateDirectory: String) { self.stateDirectory = stateDirectory }

    /// One line for each setting, for the usage text.
    public static let help = [
        "stateDirectory": "where the edge keeps its state",
        "core": "the core's address",
        "name": "the name to enrol under, unless the token has one; default: the host name",
        "datasets": "data sets at this edge; a list in the configuration file",
        "sync.rules": "what may leave this edge, whatever the policies say; a list in the configuration file",
        "log.level": "trace, debug, info, notice, warning or error",
        "log.maximumBytes": "size at which the log file is rotated",
    ]
}
