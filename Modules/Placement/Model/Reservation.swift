import Contracts
public import Core

/// What a job holds while it runs: the same amount on each of its edges, all of them or none.
struct Reservation: Codable, Sendable, Hashable {
    let jobUID: String
    let job: Name
    let group: Name
    var priority: Int
    /// By name.
    var edges: [Name]
    /// What it takes of each edge.
    var demand: ResourceAmount
    /// Whether its CPUs are whole hardware threads of its own.
    var isExclusive: Bool
    var since: Timestamp
    /// When it ends unless the job is heard of.
    var expires: Timestamp
    /// When the job is predicted to end.
    var predictedEnd: Timestamp?
    /// Why the job must give way at its next pause.
    var eviction: String?

    var summary: ReservationSummary {
        ReservationSummary(
            job: job, group: group, priority: priority, edges: edges, cpus: CPUQuantity(milliCPUs: demand.milliCPUs),
            memory: ByteCount(Int(demand.memory)), gpus: demand.gpus, since: since, expires: expires, eviction: eviction
        )
    }
}

/// What a group may hold at the same time, over all edges; `nil` for any amount.
public struct GroupQuota: Codable, Sendable, Hashable {
    public var cpus: CPUQuantity?
    public var memory: ByteCount?
    public var gpus: Int?
    public var jobs: Int?

    public init(cpus: CPUQuantity? = nil, memory: ByteCount? = nil, gpus: Int? = nil, jobs: Int? = nil) {
        self.cpus = cpus
        self.memory = memory
        self.gpus = gpus
        self.jobs = jobs
    }
}
