import Contracts
import Core
import Telemetry

extension Switchboard {
    /// Routes without a session are forgotten after so long a silence.
    private static let routeLifetime: Duration = .seconds(60)

    /// Starts the regular looking after connections.
    func startTicking() {
        if nextTick == nil { nextTick = ContinuousClock.now }
    }

    /// Heartbeats, leases, and connections to be made. Runs once per heartbeat, and when an attempt is due.
    func tick() {
        nextTick = now.advanced(by: configuration.heartbeat)
        for session in Array(sessions.values) { lookAfter(session) }
        for connector in connectors { lookAfter(connector) }
        for listener in listeners { forgetRoutes(listener) }
        quarantined = quarantined.filter { $0.value > now }
    }

    private func lookAfter(_ session: Session) {
        switch session.phase {
        case .up:
            if session.lastHeard.advanced(by: configuration.lease) <= now {
                let reason = BusError(
                    .unreachable, "'\(session.peer)' was silent for longer than its lease of \(configuration.lease)")
                return leave(session, reason: reason)
            }
            // Whatever else went out says as much.
            if !session.hasSpoken {
                send(
                    OutgoingMessage(header: FrameHeader(kind: .heartbeat, lane: .control)), to: session, .refuse)
            }
            session.hasSpoken = false
        case .greeting:
            guard session.started.advanced(by: configuration.lease) <= now else { return }
            leave(session, reason: BusError(.unreachable, "'\(session.peer)' did not answer; is it running?"))
        case .departing(let until):
            guard until <= now else { return }
            leave(session, reason: BusError(.unreachable, "'\(session.peer)' left"))
        case .ended: break
        }
    }

    private func lookAfter(_ connector: Connector) {
        guard case .pausing(let until) = connector.phase else { return }
        if until <= now { attempt(connector) } else { nextTick = min(nextTick ?? until, until) }
    }

    private func forgetRoutes(_ listener: Listener) {
        for lane in listener.routes.indices {
            let stale = listener.routes[lane].filter { _, route in
                route.session == nil && (route.mutedUntil ?? now) <= now
                    && route.lastHeard.advanced(by: Self.routeLifetime) <= now
            }
            for number in stale.keys { listener.routes[lane][number] = nil }
        }
    }

    // MARK: - Connectors

    func handle(_ event: SocketMonitor.Event, _ connector: Connector) {
        guard connector.session != nil else { return }
        switch event {
        case .disconnected: lose(connector, because: Self.connectionLost(connector.peer))
        case .refused:
            lose(
                connector,
                because: BusError(
                    .refused, "'\(connector.peer)' at \(connector.address) does not admit this key; enrol it first"))
        case .incompatible:
            lose(
                connector,
                because: BusError(
                    .unreachable,
                    "'\(connector.peer)' at \(connector.address) could not be greeted; is its server key the right one?"
                ))
        }
    }

    /// No connection to `peer` is wanted any more. Its listener finds out by itself that it is gone.
    func disconnect(_ peer: PeerID) {
        for connector in connectors where connector.peer == peer {
            let reason = BusError(.unreachable, "the connection to '\(peer)' was ended here")
            if let session = connector.session { end(session, reason: reason) }
            abandonAttempt(connector)
            connector.phase = .closed
        }
        connectors.removeAll { $0.peer == peer }
    }

    /// The connection is gone or useless: everything of it is dropped, and a new one is made after a pause.
    func lose(_ connector: Connector, because reason: BusError) {
        let session = connector.session
        let wasUp: Bool
        switch session?.phase {
        case .up, .departing: wasUp = true
        default: wasUp = false
        }
        if let session { end(session, reason: reason) }
        abandonAttempt(connector)
        if !wasUp {
            logger.debug("a connection failed", ["peer": connector.peer.text], error: reason)
        }
        if !wasUp || reason.is(.refused) { roster.attemptFailed(connector.peer, reason: reason) }
        pause(connector, because: reason)
    }

    /// Sets when the next attempt comes: full jitter below a bound that doubles with each failure.
    func pause(_ connector: Connector, because reason: BusError) {
        var generator = SystemRandomNumberGenerator()
        // Whoever is refused need not ask often.
        let attempt = reason.is(.refused) ? max(connector.failures, 4) : connector.failures
        let delay =
            configuration.reconnect.delay(beforeRetry: attempt, using: &generator) ?? configuration.reconnect.maximum
        connector.failures += 1
        let until = now.advanced(by: delay)
        connector.phase = .pausing(until: until)
        nextTick = min(nextTick ?? until, until)
    }
}
