public import Core

/// Where it should run. Owned by the `Placement` module.
public enum PlacementContract {
    /// Where the job would run now. Changes nothing.
    public static let plan = Call<PlacementRequest, PlacementPlan>("placement.plan", audience: .operators)
    /// Where the job runs for its next round: holds what the plan takes, all of it or nothing, until the lease ends. Asked again,
    /// the same job keeps what it has unless that is gone or moving pays.
    public static let reserve = Call<PlacementRequest, PlacementPlan>("placement.reserve", audience: .local)
    /// Prolongs the leases of these jobs.
    public static let renew = Call<JobList, Empty>("placement.renew", audience: .local)
    /// These jobs have ended: frees what they hold.
    public static let release = Call<JobList, Empty>("placement.release", audience: .local)
    /// What a committed round took, to predict others by. A record that is told twice counts once.
    public static let record = Call<RoundRecords, Empty>("placement.record", audience: .local)
    /// What is held, and by whom.
    public static let reservations = Call<Empty, ReservationList>("placement.reservations", audience: .operators)
}

public enum TrainingType: String, Codable, Sendable, CaseIterable, Hashable {
    case federated, transfer, reinforcement, centralised
}

/// What placement needs to know of a job.
public struct PlacementRequest: Codable, Sendable, Hashable {
    public var job: Name
    /// Whose reservation it is; the same for every round of a job.
    public var jobUID: String
    /// Whose quota it counts against.
    public var group: Name
    /// The type the job names, or `nil` to have it classified.
    public var declaredType: TrainingType?
    /// `nil` for a job that learns in an environment, which every edge has.
    public var dataset: Name?
    /// How much an edge of a job without data works on in a round.
    public var samples: Int?
    /// Bytes a participant must have free in memory.
    public var memory: Int64
    /// Bytes of the model.
    public var modelBytes: Int64
    /// 0 for a model that takes any.
    public var features: Int
    public var classes: Int
    /// The edges the job allows, or `nil` for any.
    public var allowedEdges: [Name]?
    public var minimumEdges: Int
    public var maximumEdges: Int?
    public var workload: TrainingWorkload
    /// Rounds that are still to come.
    public var rounds: Int
    public var spec: PlacementSpec
    public var submitted: Timestamp
    /// Whether it starts from a trained model.
    public var hasBaseModel: Bool?
    /// Whether the data, or a part of it, lies at the core.
    public var isAtCore: Bool?
    /// Whether the policy in force lets raw data go to the core, and whether an edge that has some forbids it.
    public var mayMove: Bool?
    public var isSharingForbidden: Bool?

    public init(
        job: Name, jobUID: String, group: Name, declaredType: TrainingType?, dataset: Name?, memory: Int64,
        modelBytes: Int64, features: Int, classes: Int, allowedEdges: [Name]?, minimumEdges: Int, maximumEdges: Int?,
        workload: TrainingWorkload, rounds: Int, spec: PlacementSpec = PlacementSpec(), submitted: Timestamp,
        samples: Int? = nil
    ) {
        self.job = job
        self.jobUID = jobUID
        self.group = group
        self.declaredType = declaredType
        self.dataset = dataset
        self.memory = memory
        self.modelBytes = modelBytes
        self.features = features
        self.classes = classes
        self.allowedEdges = allowedEdges
        self.minimumEdges = minimumEdges
        self.maximumEdges = maximumEdges
        self.workload = workload
        self.rounds = rounds
        self.spec = spec
        self.submitted = submitted
        self.samples = samples
    }

    /// When the job should have ended.
    public var deadline: Timestamp? { spec.finishWithinSeconds.map { submitted.advanced(by: .seconds($0)) } }
}

/// What a job holds, as it is shown.
public struct ReservationSummary: Codable, Sendable, Hashable {
    public var job: Name
    public var group: Name
    public var priority: Int
    public var edges: [Name]
    public var cpus: CPUQuantity
    public var memory: ByteCount
    public var gpus: Int
    public var since: Timestamp
    public var expires: Timestamp
    /// Why the job must give way at its next pause.
    public var eviction: String?

    public init(
        job: Name, group: Name, priority: Int, edges: [Name], cpus: CPUQuantity, memory: ByteCount, gpus: Int,
        since: Timestamp, expires: Timestamp, eviction: String?
    ) {
        self.job = job
        self.group = group
        self.priority = priority
        self.edges = edges
        self.cpus = cpus
        self.memory = memory
        self.gpus = gpus
        self.since = since
        self.expires = expires
        self.eviction = eviction
    }
}

public struct ReservationList: Codable, Sendable, Hashable {
    public var reservations: [ReservationSummary]

    public init(reservations: [ReservationSummary]) { self.reservations = reservations }
}
