import Contracts

/// The sockets towards one listener, made anew for every session. Belongs to the loop's thread.
final class Connector {
    enum Phase {
        /// No sockets; the next attempt comes at the given time.
        case pausing(until: ContinuousClock.Instant)
        /// Sockets are there; `session` greets or is up.
        case engaged(Session)
        case closed
    }

    let address: BusAddress
    let peer: PeerID
    let security: ConnectSecurity
    var phase: Phase
    /// By lane; empty while pausing.
    var ports: [Port] = []
    var monitors: [Port] = []
    /// Attempts that failed since the last session.
    var failures = 0
    var conduct: ConductMeter

    init(
        address: BusAddress, peer: PeerID, security: ConnectSecurity, conduct: ConductMeter,
        now: ContinuousClock.Instant
    ) {
        self.address = address
        self.peer = peer
        self.security = security
        self.conduct = conduct
        phase = .pausing(until: now)
    }

    var session: Session? { if case .engaged(let session) = phase { session } else { nil } }
}
