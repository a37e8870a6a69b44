public import Core
public import DaemonKit
public import DataSync
public import Placement

/// Everything an operator can say about a core cloud, in its file, its environment (`GEDGE_CORE_…`) or its flags.
public struct CoreConfiguration: Codable, Sendable, Hashable {
    /// Where the core keeps its database, shards, keys, logs and the sockets that `gedge` connects to.
    public var stateDirectory: String
    /// Where edges connect: `tcp://ADDRESS:PORT`, which takes four ports from PORT on. Loopback unless this says otherwise.
    public var listen = "tcp://127.0.0.1:7700"
    /// How long an edge counts as ready after its last report.
    public var leaseSeconds = 6.0
    /// Data sets that lie at the core: for evaluation and baselines.
    public var datasets: [DatasetEntry] = []
    /// What stays of what was fetched from edges in case it is wanted again.
    public var cache = CacheSettings()
    /// An object store that models and data sets are copied to.
    public var archive = ArchiveSettings()
    /// The most bytes of a job's updates in memory while they are aggregated.
    public var aggregationBytes = ByteCount(64 << 20)
    /// What groups may hold, and for how long what is held outlives its job.
    public var placement = PlacementSettings()
    /// How often and how fast the core looks for damage in what it stores.
    public var scrub = ScrubSettings()
    public var log = LogSettings()

    /// The defaults.
    public init(stateDirectory: String) { self.stateDirectory = stateDirectory }

    /// One line for each setting, for the usage text.
    public static let help = [
        "stateDirectory": "where the core keeps its state",
        "listen": "where edges connect; four ports from this one on",
        "leaseSeconds": "how long an edge counts as ready after its last report",
        "datasets": "data sets at the core; a list in the configuration file",
        "cache.bytes": "fetched versions that nobody needs stay up to so many bytes; 0 for none",
        "aggregationBytes": "the most bytes of a job's updates in memory while they are aggregated",
        "placement.quotas": "what each group may hold (cpus, memory, gpus, jobs); a map in the configuration file",
        "placement.rules": "a file with rules for training types in place of the shipped ones",
        "placement.leaseSeconds": "how long what a job holds outlives it",
        "log.level": "trace, debug, info, notice, warning or error",
        "log.maximumBytes": "size at which the log file is rotated",
    ].merging(ArchiveSettings.help(under: "archive")) { first, _ in first }
        .merging(ScrubSettings.help(under: "scrub")) { first, _ in first }

    /// - Throws: `DaemonError` `invalid` for a value outside its range.
    func validate() throws {
        guard leaseSeconds >= 1 && leaseSeconds <= 3600 else {
            throw DaemonError("invalid", "leaseSeconds must be 1 to 3600, not \(leaseSeconds)")
        }
        guard (1 << 20...1 << 40).contains(aggregationBytes.bytes) else {
            throw DaemonError("invalid", "aggregationBytes must be 1MiB to 1TiB, not \(aggregationBytes)")
        }
        try placement.validate()
        try scrub.validate()
        try log.validate()
    }
}
