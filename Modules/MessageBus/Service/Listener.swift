import Contracts

/// The sockets of one address on which peers connect. Belongs to the loop's thread.
final class Listener {
    /// A connection as a ROUTER socket numbers it.
    final class Route {
        var session: Session?
        var conduct: ConductMeter
        /// Nothing of it is listened to until then.
        var mutedUntil: ContinuousClock.Instant?
        var lastHeard: ContinuousClock.Instant
        /// When it was last told that it has no session.
        var lastTold: ContinuousClock.Instant?
        /// Whole messages that came by it, for whoever watches connections that finish none.
        let deliveries = DeliveryCounter()

        init(conduct: ConductMeter, now: ContinuousClock.Instant) {
            self.conduct = conduct
            lastHeard = now
        }
    }

    let address: BusAddress
    /// Whether the connection's key says who the peer is.
    let isAuthenticated: Bool
    let directory: (any PeerDirectory)?
    /// By lane.
    var ports: [Port] = []
    var enrolmentPort: Port?
    /// By lane.
    var routes: [[UInt32: Route]] = Lane.allCases.map { _ in [:] }
    var sessions: [Session] = []

    init(address: BusAddress, directory: (any PeerDirectory)?) {
        self.address = address
        self.directory = directory
        isAuthenticated = directory != nil
    }
}
