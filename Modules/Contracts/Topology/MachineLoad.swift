public import Core

/// A machine and its load, without what else is known of it.
public struct MachineLoad: Codable, Sendable, Hashable {
    /// An edge's name, or `core`.
    public var name: Name
    /// `nil` for the core's own machine.
    public var phase: SitePhase?
    public var cordon: Cordon?
    /// Hardware threads it may use.
    public var threads: Int
    /// Bytes of memory it may use.
    public var memory: Int64
    public var load: LoadReport
    /// How good the load is; `nil` until the edge has reported to this run of the core.
    public var reporting: ReportingState?

    public init(
        name: Name, phase: SitePhase?, cordon: Cordon? = nil, threads: Int, memory: Int64, load: LoadReport,
        reporting: ReportingState?
    ) {
        self.name = name
        self.phase = phase
        self.cordon = cordon
        self.threads = threads
        self.memory = memory
        self.load = load
        self.reporting = reporting
    }
}

public struct LoadsQuery: Codable, Sendable, Hashable {
    /// This machine alone: an edge's name, or `core`; `nil` for all.
    public var name: Name?
    /// The machines whose names come after this one.
    public var after: Name?
    /// The most machines of a page: what is known of the largest fits a message so many times.
    public static let maximumLimit = 200

    /// At most so many, 1 to `maximumLimit`.
    public var limit: Int

    public init(name: Name? = nil, after: Name? = nil, limit: Int = LoadsQuery.maximumLimit) {
        self.name = name
        self.after = after
        self.limit = limit
    }
}

public struct LoadsReply: Codable, Sendable, Hashable {
    /// By the core's clock.
    public var time: Timestamp
    /// By name.
    public var machines: [MachineLoad]
    /// Whether more come after the last one.
    public var hasMore: Bool

    public init(time: Timestamp, machines: [MachineLoad], hasMore: Bool) {
        self.time = time
        self.machines = machines
        self.hasMore = hasMore
    }
}
