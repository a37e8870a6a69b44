public import Core

/// What a user writes under `spec.placement` of a job: where it may run, what it needs there, and what matters most.
public struct PlacementSpec: Codable, Sendable, Hashable {
    /// How edges are chosen among those that can take the job. Default `fastest`.
    public var policy: PlacementPolicy?
    /// Jobs with a higher priority go first, and may make lower ones give way. Default 0.
    public var priority: Int?
    /// What one worker needs.
    public var resources: ResourceSpec?
    /// Labels that an edge must have.
    public var select: [String: String]?
    /// Labels for which an edge is taken rather than one that is up to a tenth faster.
    public var prefer: [String: String]?
    /// Jobs on whose edges this one does not run.
    public var apartFrom: [Name]?
    public var spread: SpreadSpec?
    /// Taints that do not keep the job away.
    public var tolerations: [TolerationSpec]?
    /// When the whole job should have ended, counted from its creation, in seconds.
    public var finishWithinSeconds: Double?

    public init(
        policy: PlacementPolicy? = nil, priority: Int? = nil, resources: ResourceSpec? = nil,
        select: [String: String]? = nil, prefer: [String: String]? = nil, apartFrom: [Name]? = nil,
        spread: SpreadSpec? = nil, tolerations: [TolerationSpec]? = nil, finishWithinSeconds: Double? = nil
    ) {
        self.policy = policy
        self.priority = priority
        self.resources = resources
        self.select = select
        self.prefer = prefer
        self.apartFrom = apartFrom
        self.spread = spread
        self.tolerations = tolerations
        self.finishWithinSeconds = finishWithinSeconds
    }
}

public enum PlacementPolicy: String, Codable, Sendable, Hashable, CaseIterable {
    /// The least predicted time of the whole training.
    case fastest
    /// The seeds' formula: idle resource times communication, then input size times profile.
    case twoLevel = "two-level"
}

/// What one worker takes of its edge while the job runs.
public struct ResourceSpec: Codable, Sendable, Hashable {
    /// Default a quarter of a hardware thread, which is a request and not a limit.
    public var cpus: CPUQuantity?
    /// Default what the model, its gradient and its optimizer take.
    public var memory: ByteCount?
    /// Default 0.
    public var gpus: Int?
    /// Whether `cpus` whole hardware threads belong to the worker alone. Default false.
    public var exclusive: Bool?

    public init(cpus: CPUQuantity? = nil, memory: ByteCount? = nil, gpus: Int? = nil, exclusive: Bool? = nil) {
        self.cpus = cpus
        self.memory = memory
        self.gpus = gpus
        self.exclusive = exclusive
    }
}

/// At most so many edges with the same value of a label.
public struct SpreadSpec: Codable, Sendable, Hashable {
    public var label: String
    public var most: Int

    public init(label: String, most: Int) {
        self.label = label
        self.most = most
    }
}

public struct TolerationSpec: Codable, Sendable, Hashable {
    public var key: String
    /// The value that is tolerated. Default: any.
    public var value: String?

    public init(key: String, value: String? = nil) {
        self.key = key
        self.value = value
    }

    public func tolerates(_ taint: Taint) -> Bool { key == taint.key && (value == nil || value == taint.value) }
}
