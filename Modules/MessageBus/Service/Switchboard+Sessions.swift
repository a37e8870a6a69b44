import Contracts
import Core
import FoundationEssentials
import Telemetry

extension Switchboard {
    /// What a connection proved before it said hello.
    struct Credentials {
        /// The name that belongs to its key.
        let userID: String?
        /// The key itself, in Z85.
        let key: String?
    }

    /// Subjects that one peer may listen to.
    private static let maximumSubscriptions = 1024

    // MARK: - Hello and welcome

    func receiveHello(
        _ arrival: Arrival, on port: Port, _ listener: Listener, route number: UInt32, credentials: Credentials
    ) {
        let lane = Int(port.lane.rawValue)
        let epoch = arrival.header.session
        func refuse(_ reason: String, _ message: String) {
            metrics.dropped("refused-hello")
            tellGoodbye(reason, message, on: port, route: number, epoch: epoch)
        }
        let hello: HelloBody
        do {
            hello = try MessageBody.encoded(arrival.body).decode(HelloBody.self, subject: "hello")
        } catch { return refuse("malformed", error.message) }
        guard case .open = phase else { return refuse("shutdown", "the listener is closing") }
        guard let peer = identify(hello, listener, credentials) else {
            return refuse("revoked", "this key is not admitted")
        }
        guard hello.subscriptions.count <= Self.maximumSubscriptions, hello.instance.utf8.count <= 64 else {
            return refuse("malformed", "hello lists too much")
        }
        if let until = quarantined[peer] {
            guard until <= now else { return refuse("malformed", "too many frames broke the rules; come back later") }
            quarantined[peer] = nil
        }
        let route = listener.routes[lane][number] ?? makeRoute(listener, lane, number)
        if let old = route.session, old.epoch != epoch {
            end(old, reason: BusError(.unreachable, "'\(peer)' began a new session"))
        }
        guard let session = session(listener, peer, epoch, hello) else {
            return refuse("overloaded", "'\(peer)' has \(configuration.maximumSessionsPerPeer) sessions already")
        }
        guard !session.lanes[lane].isBound, arrival.header.sequence > session.lanes[lane].lastSequence else {
            metrics.dropped("replayed")
            return misbehave(session, port.lane)
        }
        route.session = session
        route.lastHeard = now
        session.lanes[lane].route = number
        session.lanes[lane].isBound = true
        session.lanes[lane].lastSequence = arrival.header.sequence
        session.lastHeard = now
        let welcome = encode(
            WelcomeBody(
                identity: configuration.identity, peer: peer, subscriptions: handlers.subscriptions,
                software: configuration.software, heartbeatMilliseconds: Int(configuration.heartbeat.milliseconds),
                leaseMilliseconds: Int(configuration.lease.milliseconds)))
        send(
            OutgoingMessage(header: FrameHeader(kind: .welcome, lane: port.lane), body: welcome), to: session, .mustSend
        )
        if session.lanes.allSatisfy(\.isBound) { rise(session) }
    }

    /// Who says hello: by its key where there is one, otherwise by its word.
    private func identify(_ hello: HelloBody, _ listener: Listener, _ credentials: Credentials) -> PeerID? {
        guard let directory = listener.directory else {
            let name = hello.identity.text
            return (1...255).contains(name.utf8.count) && hello.identity != .local ? hello.identity : nil
        }
        guard let name = credentials.userID else { return nil }
        // The connection may be older than the key's revocation.
        if let text = credentials.key, let key = PublicKey(z85: text), directory.peer(for: key)?.text != name {
            return nil
        }
        return PeerID(name)
    }

    /// The session that a hello belongs to: the three lanes of one session share peer and number.
    private func session(_ listener: Listener, _ peer: PeerID, _ epoch: UInt64, _ hello: HelloBody) -> Session? {
        if let known = listener.sessions.first(where: {
            $0.epoch == epoch && $0.peer == peer && $0.instance == hello.instance
        }) {
            return known
        }
        guard listener.sessions.count(where: { $0.peer == peer }) < configuration.maximumSessionsPerPeer else {
            return nil
        }
        let session = Session(
            number: makeNumber(), side: .listening(listener), epoch: epoch, peer: peer, instance: hello.instance,
            wake: wake, now: now)
        session.subscriptions = Set(hello.subscriptions)
        listener.sessions.append(session)
        sessions[session.number] = session
        return session
    }

    func receiveWelcome(_ arrival: Arrival, _ session: Session) {
        let lane = Int(arrival.header.lane.rawValue)
        guard case .connecting(let connector) = session.side, !session.lanes[lane].isBound else {
            return misbehave(session, arrival.header.lane)
        }
        let welcome: WelcomeBody
        do {
            welcome = try MessageBody.encoded(arrival.body).decode(WelcomeBody.self, subject: "welcome")
        } catch {
            return lose(connector, because: error)
        }
        session.lanes[lane].isBound = true
        session.subscriptions.formUnion(welcome.subscriptions.prefix(Self.maximumSubscriptions))
        if session.lanes.allSatisfy(\.isBound) {
            connector.failures = 0
            rise(session)
        }
    }

    /// Every lane is greeted.
    private func rise(_ session: Session) {
        session.phase = .up
        let older = (sessionsByPeer[session.peer] ?? []).filter {
            !session.instance.isEmpty && $0.instance == session.instance
        }
        sessionsByPeer[session.peer, default: []].append(session)
        metrics.sessions.increment()
        logger.log(Self.level(of: session), "connected", ["peer": session.peer.text])
        roster.sessionStarted(session.peer)
        for old in older { end(old, reason: BusError(.unreachable, "'\(session.peer)' connected anew")) }
    }

    // MARK: - Goodbye

    /// The last frame on every lane, which the peer acknowledges.
    func sayGoodbye(to session: Session) {
        let body = encode(GoodbyeBody(reason: "shutdown", message: "'\(configuration.identity)' is closing"))
        for lane in Lane.allCases {
            send(
                OutgoingMessage(header: FrameHeader(kind: .goodbye, lane: lane), body: body), to: session, .mustSend)
        }
    }

    func receiveGoodbye(_ arrival: Arrival, _ session: Session) {
        let lane = Int(arrival.header.lane.rawValue)
        if arrival.header.flags.contains(.acknowledgement) {
            session.lanes[lane].isGoodbyeAcknowledged = true
            if session.lanes.allSatisfy(\.isGoodbyeAcknowledged) { end(session, reason: .closing) }
            return
        }
        let goodbye: GoodbyeBody
        do {
            goodbye = try MessageBody.encoded(arrival.body).decode(GoodbyeBody.self, subject: "goodbye")
        } catch {
            goodbye = GoodbyeBody(reason: "malformed", message: "without a reason")
        }
        let reason = Self.error(goodbye, session.peer)
        guard goodbye.reason == "shutdown" else {
            return leave(session, reason: reason)
        }
        send(
            OutgoingMessage(
                header: FrameHeader(kind: .goodbye, lane: arrival.header.lane, flags: .acknowledgement),
                body: arrival.body), to: session, .mustSend)
        session.lanes[lane].saidGoodbye = true
        if session.lanes.allSatisfy(\.saidGoodbye) {
            leave(session, reason: reason)
        } else if session.isUp {
            // Answers on the other lanes may still be on their way.
            session.phase = .departing(until: now.advanced(by: configuration.drain))
        }
    }

    private static func error(_ goodbye: GoodbyeBody, _ peer: PeerID) -> BusError {
        let text = "'\(peer)' ended the session: \(goodbye.message.prefix(300)) (\(goodbye.reason.prefix(40)))"
        return goodbye.reason == "revoked" ? BusError(.refused, text) : BusError(.unreachable, text)
    }

    /// The peer ended the session.
    func leave(_ session: Session, reason: BusError) {
        switch session.side {
        case .listening: end(session, reason: reason)
        case .connecting(let connector): lose(connector, because: reason)
        }
    }

    // MARK: - The end of a session

    /// Forgets a session: what it asked fails, what it is asked is cancelled unless a retry may still come for it.
    func end(_ session: Session, reason: BusError) {
        if session.isEnded { return }
        let wasUp: Bool
        switch session.phase {
        case .up, .departing: wasUp = true
        case .greeting, .ended: wasUp = false
        }
        session.phase = .ended
        sessions[session.number] = nil
        crowded.remove(session.number)
        if case .listening(let listener) = session.side {
            listener.sessions.removeAll { $0 === session }
            for lane in session.lanes.indices where session.lanes[lane].isBound {
                listener.routes[lane][session.lanes[lane].route]?.session = nil
            }
        }
        if wasUp {
            sessionsByPeer[session.peer]?.removeAll { $0 === session }
            if sessionsByPeer[session.peer]?.isEmpty == true { sessionsByPeer[session.peer] = nil }
            metrics.sessions.decrement()
            logger.log(Self.level(of: session), "disconnected", ["peer": session.peer.text], error: reason)
        }
        for (correlation, ask) in asks where ask.session === session {
            asks[correlation] = nil
            if ask.hasDeadline { forgetDue() }
            ask.fail(reason)
        }
        abandonServed(session, reason: reason)
        if wasUp { roster.sessionEnded(session.peer, reason: reason) }
    }

    func cutOff(_ peer: PeerID) {
        for listener in listeners {
            for session in listener.sessions where session.peer == peer {
                // First, so that whoever hears of it finds it done.
                end(session, reason: BusError(.refused, "'\(peer)' was cut off"))
                for port in listener.ports {
                    let lane = Int(port.lane.rawValue)
                    guard session.lanes[lane].isBound else { continue }
                    tellGoodbye(
                        "revoked", "this key is no longer admitted", on: port, route: session.lanes[lane].route,
                        epoch: session.epoch)
                    // Whatever still comes over this connection is not listened to; it cannot be closed by itself.
                    listener.routes[lane][session.lanes[lane].route]?.mutedUntil = now.advanced(
                        by: .seconds(366 * 86_400))
                }
            }
        }
    }

    /// Command lines come and go with every command; that is no news.
    private static func level(of session: Session) -> LogLevel { session.peer == .operator ? .debug : .info }
}

extension BusError {
    /// The error's words as they cross the wire.
    var wire: Failure { Failure(code: code, message: message, isRetriable: isRetriable) }
}
