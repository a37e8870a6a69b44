public import Core

/// Who is there. Owned by the `Topology` module.
public enum TopologyContract {
    /// Edge to core, on every (re)connection: who I am and what I have. Starts the lease.
    public static let join = Call<SiteReport, JoinReply>("topology.join", audience: .edges)
    /// Edge to core, several times per lease: what changed of its live load. Renews the lease.
    public static let report = Call<LoadUpdate, LoadReply>("topology.report", audience: .edges)
    /// Edge to core: the whole live load, from edges of before `report`. Renews the lease.
    public static let heartbeat = Call<LoadReport, JoinReply>("topology.heartbeat", audience: .edges)
    /// Edge to core: a clean goodbye.
    public static let leave = Call<Empty, Empty>("topology.leave", audience: .edges)
    /// Within the core: every site, every link, and what is known of them now. Of many sites it is more than a message holds.
    public static let snapshot = Call<Empty, TopologySnapshot>("topology.snapshot", audience: .operators)
    /// Operator to core: the same in parts, of one moment, however many sites there are.
    public static let snapshotParts = StreamCall<Empty, TopologySnapshot>(
        "topology.snapshot-parts", lane: .control, audience: .operators)
    /// Operator to core: the load of every machine, the core's own among them, page by page.
    public static let loads = Call<LoadsQuery, LoadsReply>("topology.loads", audience: .operators)
    /// Operator to core: how one figure of a site's load went, for as long as the core remembers.
    public static let history = Call<HistoryQuery, HistoryReply>("topology.history", audience: .operators)
    /// Operator to core: keep new work off an edge, take running work off it as well, or let work on it again.
    public static let cordon = Call<CordonRequest, Empty>("topology.cordon", audience: .operators)
    /// Announced by the core when a site's phase changes.
    public static let siteChanged = Topic<Site>("topology.site-changed")
}

/// What an edge says of its machine when it joins.
public struct SiteReport: Codable, Sendable, Hashable {
    public var hardware: Hardware
    public var datasets: [DatasetSummary]
    public var load: LoadReport
    public var labels: [String: String]
    public var version: String
    /// What keeps jobs away that do not tolerate it.
    public var taints: [Taint]?
    /// The inside of the machine; `nil` from an edge that could not look.
    public var machine: Machine?
    /// What jobs may have of the machine; `nil` for all of it.
    public var allocatable: Allocatable?
    /// Which run of the edge this is: what its load reports name. `nil` from an edge that sends none of these.
    public var epoch: Int?
    /// What an operator says of the way to the core.
    public var link: LinkReport?

    public init(
        hardware: Hardware, datasets: [DatasetSummary], load: LoadReport, labels: [String: String] = [:],
        version: String, taints: [Taint]? = nil, machine: Machine? = nil, allocatable: Allocatable? = nil,
        epoch: Int? = nil, link: LinkReport? = nil
    ) {
        self.link = link
        self.hardware = hardware
        self.datasets = datasets
        self.load = load
        self.labels = labels
        self.version = version
        self.taints = taints
        self.machine = machine
        self.allocatable = allocatable
        self.epoch = epoch
    }
}

public struct Hardware: Codable, Sendable, Hashable {
    public var hostname: String
    public var architecture: String
    public var processor: String
    /// Hardware threads this process may use.
    public var threads: Int
    /// Bytes of memory this process may use (the smaller of the machine's and the control group's).
    public var memory: Int64

    public init(hostname: String, architecture: String, processor: String, threads: Int, memory: Int64) {
        self.hostname = hostname
        self.architecture = architecture
        self.processor = processor
        self.threads = threads
        self.memory = memory
    }
}

/// What the core may know about data that stays at its edge: never the data.
public struct DatasetSummary: Codable, Sendable, Hashable {
    public var name: Name
    public var samples: Int
    /// Numbers per sample.
    public var features: Int
    /// How many distinct labels.
    public var classes: Int

    public init(name: Name, samples: Int, features: Int, classes: Int) {
        self.name = name
        self.samples = samples
        self.features = features
        self.classes = classes
    }
}

public enum SitePhase: String, Codable, Sendable, Hashable {
    /// Enrolled and within its lease.
    case ready = "Ready"
    /// It was ready when the core stopped and has a moment to come back.
    case reconnecting = "Reconnecting"
    /// Its lease ran out, or its connection was lost.
    case lost = "Lost"
    /// It said goodbye.
    case left = "Left"
    /// Its key is no longer admitted.
    case revoked = "Revoked"
}

/// An edge as the core knows it.
public struct Site: Codable, Sendable, Hashable {
    public var name: Name
    public var phase: SitePhase
    public var report: SiteReport
    public var joined: Timestamp
    public var lastSeen: Timestamp
    /// Set while an operator keeps work off the edge.
    public var cordon: Cordon?
    /// How good the load in `report` is; `nil` until the edge has reported to this run of the core.
    public var reporting: ReportingState?

    public init(
        name: Name, phase: SitePhase, report: SiteReport, joined: Timestamp, lastSeen: Timestamp,
        cordon: Cordon? = nil, reporting: ReportingState? = nil
    ) {
        self.name = name
        self.phase = phase
        self.report = report
        self.joined = joined
        self.lastSeen = lastSeen
        self.cordon = cordon
        self.reporting = reporting
    }
}

/// Everything the core knows of where work could run, at one moment.
public struct TopologySnapshot: Codable, Sendable, Hashable {
    /// When it was taken, by the core's clock.
    public var time: Timestamp
    /// By name.
    public var sites: [Site]
    /// By `from`, then `to`.
    public var links: [LinkState]
    /// The core's own machine; `nil` when it does not watch itself.
    public var core: CoreState?

    public init(time: Timestamp, sites: [Site], links: [LinkState] = [], core: CoreState? = nil) {
        self.time = time
        self.sites = sites
        self.links = links
        self.core = core
    }
}

extension TopologySnapshot {
    /// How many links a part has: about a twentieth of what a message holds.
    private static let linksInPart = 500

    /// The snapshot in parts that a message holds each: one for every site, which may be large, and some for the links.
    public func forEachPart(_ body: (TopologySnapshot) async throws -> Void) async rethrows {
        try await body(TopologySnapshot(time: time, sites: [], core: core))
        for site in sites { try await body(TopologySnapshot(time: time, sites: [site])) }
        for start in stride(from: 0, to: links.count, by: Self.linksInPart) {
            let part = links[start..<min(links.count, start + Self.linksInPart)]
            try await body(TopologySnapshot(time: time, sites: [], links: Array(part)))
        }
    }

    /// Puts the next part behind those that came before.
    public mutating func append(_ part: TopologySnapshot) {
        sites += part.sites
        links += part.links
        core = core ?? part.core
    }
}
