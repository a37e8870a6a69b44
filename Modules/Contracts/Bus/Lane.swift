/// The platform's packet classes. Each has sockets of its own, so that a heartbeat never waits behind a data set.
public enum Lane: UInt8, Sendable, Codable, CaseIterable {
    /// Heartbeats, joins, orders, resource calls: small and urgent.
    case control = 0
    /// A round's model and updates.
    case model = 1
    /// Data sets, logs, anything that may wait.
    case bulk = 2
}
