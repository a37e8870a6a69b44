/// Who may ask a service: part of each call's contract, enforced by the bus before a handler sees the request.
public enum Audience: Sendable, Hashable {
    /// The process itself.
    case local
    /// Command lines on the service's own machine, and the process itself.
    case operators
    /// The core, command lines on the service's own machine, and the process itself.
    case supervisors
    /// Enrolled edges, and the process itself.
    case edges
    /// The core, and the process itself.
    case core
    /// Every peer that was admitted.
    case anyone

    public func admits(_ peer: PeerID) -> Bool {
        if peer == .local { return true }
        return switch self {
        case .local: false
        case .operators: peer == .operator
        case .supervisors: peer == .operator || peer == .core
        case .edges: !peer.isReserved
        case .core: peer == .core
        case .anyone: true
        }
    }
}
