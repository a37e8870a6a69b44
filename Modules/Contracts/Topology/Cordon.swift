public import Core

/// An operator keeps work off an edge.
public struct Cordon: Codable, Sendable, Hashable {
    public var since: Timestamp
    /// Whether the work that runs there is to leave it, too, at its next pause.
    public var isDraining: Bool

    public init(since: Timestamp, isDraining: Bool) {
        self.since = since
        self.isDraining = isDraining
    }
}

public struct CordonRequest: Codable, Sendable, Hashable {
    public enum Action: String, Codable, Sendable, Hashable {
        case cordon, drain, uncordon
    }

    public var edge: Name
    public var action: Action

    public init(edge: Name, action: Action) {
        self.edge = edge
        self.action = action
    }
}

/// A mark on an edge that keeps jobs away unless they tolerate it.
public struct Taint: Codable, Sendable, Hashable {
    public enum Effect: String, Codable, Sendable, Hashable, CaseIterable {
        /// Only jobs that tolerate it run there.
        case noSchedule = "NoSchedule"
        /// Others run there only when nothing else will do.
        case preferNoSchedule = "PreferNoSchedule"
    }

    public var key: String
    public var value: String?
    public var effect: Effect

    public init(key: String, value: String? = nil, effect: Effect = .noSchedule) {
        self.key = key
        self.value = value
        self.effect = effect
    }
}
