/// What a transfer carries, as far as policies tell apart.
public enum Artefact: String, Codable, Sendable, Hashable, CaseIterable {
    /// A global or final model.
    case model
    /// What one edge's training made of the global model.
    case update
    /// A step's derivative.
    case gradient
    /// What an agent saw, did and was rewarded for.
    case trajectory
    /// Data that went through a part of a model; not the data itself.
    case features
    /// Data as it was collected. What nobody labelled counts as this.
    case rawData = "raw-data"
    /// Measurements of training or of a machine.
    case metrics
}

/// The kind of work that a policy is written for: the training types, and serving.
public enum Workload: String, Codable, Sendable, Hashable, CaseIterable {
    case federated, transfer, reinforcement, centralised, inference

    public init(_ type: TrainingType) {
        self =
            switch type {
            case .federated: .federated
            case .transfer: .transfer
            case .reinforcement: .reinforcement
            case .centralised: .centralised
            }
    }
}

/// Who may have an artefact. The stricter one is the smaller one.
public enum Privacy: String, Codable, Sendable, Hashable, CaseIterable, Comparable {
    /// It never leaves the cloud it was made in.
    case `private`
    /// Only what was anonymised may leave.
    case anonymisedOnly = "anonymised-only"
    /// Any member of the platform may have it.
    case `public`

    private var rank: Int {
        switch self {
        case .private: 0
        case .anonymisedOnly: 1
        case .public: 2
        }
    }

    public static func < (left: Privacy, right: Privacy) -> Bool { left.rank < right.rank }
}
