public import Contracts
import Core
public import DaemonKit
public import DataSync
import MessageBus
public import Topology

/// Everything an operator can say about an edge cloud, in its file, its environment (`GEDGE_EDGE_…`) or its flags.
public struct EdgeConfiguration: Codable, Sendable, Hashable {
    /// Where the edge keeps its database, shards, keys and logs.
    public var stateDirectory: String
    /// The core's address: `tcp://HOST:PORT`.
    public var core = "tcp://127.0.0.1:7700"
    /// The name to enrol under, unless the token has one; empty for the machine's host name.
    public var name = ""
    /// Where other edges of the same core may connect to get model and data shards from here: `tcp://ADDRESS:PORT`, which
    /// takes four ports from PORT on. Only those that the core announces are let in. Empty for nowhere.
    public var listen = ""
    /// What the core tells the others in place of `listen`, where that stands for all addresses of the machine.
    public var advertise = ""
    /// Time between two reports of the load to the core. A short lease makes them more frequent.
    public var reportSeconds = 1.0
    /// Words to select this edge by.
    public var labels: [String: String] = [:]
    /// What keeps jobs away from this edge that do not tolerate it.
    public var taints: [Taint] = []
    /// What an operator says of the way to the core.
    public var link = LinkSettings()
    /// The data that lies here.
    public var datasets: [DatasetEntry] = []
    /// Programs beside this edge that train models of their own.
    public var trainers: [TrainerSettings] = []
    /// What may leave this edge, whatever the core's policies say.
    public var sync = LocalSyncRules()
    /// When what is appended to data sets here becomes a version.
    public var seal = SealSettings()
    /// What stays here in case it is wanted again.
    public var cache = CacheSettings()
    /// How often and how fast the edge looks for damage in what it stores.
    public var scrub = ScrubSettings()
    /// What of the machine is kept from jobs.
    public var reserved = ReservedSettings()
    public var log = LogSettings()

    /// Where to listen for other edges.
    /// - Throws: `BusError` for what is no address, `DaemonError` `invalid` for one that others cannot connect to as it is.
    var listenAddress: BusAddress? {
        get throws {
            guard !listen.isEmpty else { return nil }
            let address = try BusAddress(listen)
            guard case .tcp(let host, _) = address.transport else {
                throw DaemonError("invalid", "listen must be tcp://ADDRESS:PORT, not \(listen)")
            }
            if !advertise.isEmpty { _ = try BusAddress(advertise) }
            guard !advertise.isEmpty || !["0.0.0.0", "[::]", "*"].contains(host) else {
                throw DaemonError(
                    "invalid",
                    "\(listen) stands for all addresses of this machine; set advertise to the one that other edges "
                        + "can reach, such as tcp://10.0.0.5:7710")
            }
            return address
        }
    }

    /// - Throws: `DaemonError` `invalid` for a value outside its range.
    func validate() throws {
        guard reportSeconds >= 0.2 && reportSeconds <= 60 else {
            throw DaemonError("invalid", "reportSeconds must be 0.2 to 60, not \(reportSeconds)")
        }
        if let fault = LabelSyntax.fault(in: labels) { throw DaemonError("invalid", "labels: \(fault)") }
        if taints.count > Taint.maximumCount {
            throw DaemonError("invalid", "taints has \(taints.count) entries; at most \(Taint.maximumCount) are kept")
        }
        if let fault = taints.lazy.compactMap(\.fault).first { throw DaemonError("invalid", "taints: \(fault)") }
        try trainers.validate(besides: datasets)
        try link.validate()
        try seal.validate()
        try scrub.validate()
        try log.validate()
    }

    /// What the data sets' and transfers' part of this means.
    var dataSync: DataSyncConfiguration {
        var settings = DataSyncConfiguration()
        settings.sealBytes = seal.bytes.bytes
        settings.sealAge = seal.age
        settings.sealedVersions = seal.versions
        settings.cacheBytes = cache.bytes.bytes
        settings.scrub = scrub
        settings.mends = true
        return settings
    }

    /// The defaults.
    public init(stateDirectory: String) { self.stateDirectory = stateDirectory }

    /// One line for each setting, for the usage text.
    public static let help = [
        "stateDirectory": "where the edge keeps its state",
        "core": "the core's address",
        "name": "the name to enrol under, unless the token has one; default: the host name",
        "listen": "where other edges may get shards from; default: nowhere",
        "advertise": "the address to tell other edges; default: the one listened at",
        "reportSeconds": "time between two reports of the load to the core",
        "taints": "what keeps jobs away that do not tolerate it; a list in the configuration file",
        "link.costPerGigabyte": "what a gigabyte to or from the core costs, in any one currency",
        "datasets": "data sets at this edge; a list in the configuration file",
        "trainers": "programs that train models of their own; a list in the configuration file",
        "sync.rules": "what may leave this edge, whatever the policies say; a list in the configuration file",
        "cache.bytes": "fetched versions that nobody needs stay up to so many bytes; 0 for none",
        "seal.bytes": "what is appended to a data set becomes a version when it has so many bytes",
        "seal.age": "what is appended to a data set becomes a version after this time at the latest",
        "seal.versions": "how many of the versions made so are kept; each contains those before it",
        "log.level": "trace, debug, info, notice, warning or error",
        "log.maximumBytes": "size at which the log file is rotated",
    ].merging(ScrubSettings.help(under: "scrub")) { first, _ in first }
        .merging(ReservedSettings.help(under: "reserved")) { first, _ in first }
}
