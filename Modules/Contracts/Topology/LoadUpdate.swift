public import Core

/// What changed of an edge's load since a report that the core has confirmed.
public struct LoadUpdate: Codable, Sendable, Hashable {
    /// Which run of the edge sends it, as its join report said.
    public var epoch: Int
    /// One more for each report of an epoch, from 1.
    public var sequence: Int
    /// The report on which this one builds, 0 for the load in the join report; `nil` when it builds on none and is complete.
    public var base: Int?
    /// When it was measured, by the edge's clock.
    public var time: Timestamp
    public var changes: LoadChanges
    /// How the reports before went, of which the core learns the round trip; `nil` when there is nothing to tell.
    public var probes: ProbeReport?

    public init(epoch: Int, sequence: Int, base: Int?, time: Timestamp, changes: LoadChanges) {
        self.epoch = epoch
        self.sequence = sequence
        self.base = base
        self.time = time
        self.changes = changes
    }
}

/// The figures of a load that changed; `nil` for one that is as it was. A figure that goes away takes a complete report.
public struct LoadChanges: Codable, Sendable, Hashable {
    public var cpu: Double?
    public var availableMemory: Int64?
    public var freeDisk: Int64?
    public var resident: Int64?
    public var daemonCPU: Double?
    public var pressure: Pressure?
    public var disk: DiskLoad?
    public var network: [InterfaceLoad]?
    public var gpus: [GPULoad]?

    /// Nothing changed.
    public init() {}

    /// Everything there is to say.
    public init(_ load: LoadReport) {
        cpu = load.cpu
        availableMemory = load.availableMemory
        freeDisk = load.freeDisk
        resident = load.resident
        daemonCPU = load.daemonCPU
        pressure = load.pressure
        disk = load.disk
        network = load.network
        gpus = load.gpus
    }
}

public struct LoadReply: Codable, Sendable, Hashable {
    /// The edge is gone unless it reports again within this time.
    public var leaseSeconds: Double
    /// Whether the next report must be complete, because the core lacks what this one builds on or would not believe it.
    public var needsAll: Bool
    /// What in the report cannot be; the core keeps what it had.
    public var refusal: String?

    public init(leaseSeconds: Double, needsAll: Bool = false, refusal: String? = nil) {
        self.leaseSeconds = leaseSeconds
        self.needsAll = needsAll
        self.refusal = refusal
    }
}

public struct JoinReply: Codable, Sendable {
    /// The edge is gone unless it reports again within this time.
    public var leaseSeconds: Double
    /// Whether the core understands `TopologyContract.report`; one of before it does not say.
    public var takesUpdates: Bool?

    public init(leaseSeconds: Double, takesUpdates: Bool? = nil) {
        self.leaseSeconds = leaseSeconds
        self.takesUpdates = takesUpdates
    }
}
