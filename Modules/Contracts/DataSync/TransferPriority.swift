/// How urgent a transfer is: its packet class. Each has a lane of its own, so that a small update never waits behind a data
/// set.
public enum TransferPriority: String, Codable, Sendable, Hashable, CaseIterable, Comparable {
    /// Small and needed now: travels on the control lane, and only up to `urgentBytes`.
    case urgent
    /// A round's model or update.
    case model
    /// Data sets, and anything else that may wait.
    case bulk

    /// What an urgent transfer may weigh, raw; a larger one travels as `model`.
    public static let urgentBytes = 64 << 10

    /// The lane it travels by.
    public var lane: Lane {
        switch self {
        case .urgent: .control
        case .model: .model
        case .bulk: .bulk
        }
    }

    /// More urgent is less: what is served first sorts first.
    public static func < (left: TransferPriority, right: TransferPriority) -> Bool { left.lane.rawValue < right.lane.rawValue }
}
