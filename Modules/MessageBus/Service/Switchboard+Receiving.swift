import Contracts
import CZeroMQ
import FoundationEssentials
import Telemetry

extension Switchboard {
    /// A message that arrived, checked and whole.
    struct Arrival {
        let header: FrameHeader
        let subject: String
        let body: Data
        let attachments: [Attachment]
        let byteCount: Int
    }

    /// Takes one message that waits at `port`, or all announcements.
    func take(_ port: Port) {
        if port.socket.isClosed { return }
        switch port.role {
        case .monitor(let connector, let monitor):
            for event in monitor.events(reader) { handle(event, connector) }
        case .enrolment(let listener):
            takeEnrolment(port, listener)
        case .listener(let listener):
            takeRouted(port, listener)
        case .connector(let connector):
            takeDirect(port, connector)
        }
    }

    // MARK: - On a listener

    private func takeRouted(_ port: Port, _ listener: Listener) {
        guard case .part = reader.takeRoute(port.socket) else {
            port.socket.needsAttention = false
            return
        }
        let lane = Int(port.lane.rawValue)
        guard let number = reader.routeNumber, reader.routeHasMore else {
            // A peer that names itself is none of ours, and could take another's place.
            if reader.routeHasMore { reader.skipRest(port.socket) }
            metrics.dropped("custom-routing-id")
            return
        }
        guard case .part = reader.takeHead(port.socket) else { return }
        let route = listener.routes[lane][number] ?? makeRoute(listener, lane, number)
        route.deliveries.increment()
        if let until = route.mutedUntil {
            guard until <= now else {
                if reader.headHasMore { reader.skipRest(port.socket) }
                metrics.dropped("quarantined")
                return
            }
            route.mutedUntil = nil
        }
        do {
            let arrival = try takeRest(port)
            if arrival.header.kind == .hello {
                receiveHello(arrival, on: port, listener, route: number, credentials: credentials(listener))
            } else if let session = route.session {
                route.lastHeard = now
                receive(arrival, session)
            } else {
                refuseStranger(port, route, number, arrival.header.session)
            }
        } catch {
            let identity = route.session?.peer ?? credentials(listener).userID.map { PeerID($0) }
            offend(error.label, listener, port, number, route, identity: identity)
        }
    }

    /// What the connection of the message that was just taken proved: libzmq keeps it with every part.
    private func credentials(_ listener: Listener) -> Credentials {
        guard listener.isAuthenticated else { return Credentials(userID: nil, key: nil) }
        return Credentials(
            userID: reader.property(ConnectionProperty.userID), key: reader.property(ConnectionProperty.key))
    }

    /// A frame of a connection without a session: it is told once in a while.
    private func refuseStranger(_ port: Port, _ route: Listener.Route, _ number: UInt32, _ epoch: UInt64) {
        metrics.dropped("unknown-session")
        if let told = route.lastTold, told.advanced(by: .seconds(1)) > now { return }
        route.lastTold = now
        tellGoodbye("unknown-session", "there is no session; say hello", on: port, route: number, epoch: epoch)
    }

    func makeRoute(_ listener: Listener, _ lane: Int, _ number: UInt32) -> Listener.Route {
        let route = Listener.Route(conduct: makeConduct(), now: now)
        listener.routes[lane][number] = route
        if listener.isAuthenticated, let connection = reader.connection {
            authenticator?.count(connection, by: route.deliveries)
        }
        return route
    }

    func tellGoodbye(_ reason: String, _ message: String, on port: Port, route: UInt32, epoch: UInt64) {
        let body = encode(GoodbyeBody(reason: reason, message: message))
        tell(
            OutgoingMessage(header: FrameHeader(kind: .goodbye, lane: port.lane), body: body), on: port, route: route,
            epoch: epoch)
    }

    /// A peer broke the rules: it is told, and after too many times no longer listened to.
    private func offend(
        _ label: String, _ listener: Listener, _ port: Port, _ number: UInt32, _ route: Listener.Route,
        identity: PeerID?
    ) {
        metrics.dropped(label)
        let isTooMany = route.conduct.offend(at: now)
        guard isTooMany else {
            if let session = route.session { tellMisunderstood(label, session, port.lane) }
            return
        }
        quarantine(identity, listener, port, number, route)
    }

    /// Tells a peer that a frame of its could not be understood.
    func tellMisunderstood(_ label: String, _ session: Session, _ lane: Lane) {
        let failure = BusError(.protocolViolation, "a frame was refused: \(label)")
        send(
            OutgoingMessage(header: FrameHeader(kind: .failure, lane: lane), body: encode(failure.wire)), to: session,
            .refuse)
    }

    private func quarantine(
        _ identity: PeerID?, _ listener: Listener, _ port: Port, _ number: UInt32, _ route: Listener.Route
    ) {
        let until = now.advanced(by: configuration.quarantine)
        metrics.quarantined()
        logger.warning(
            "a peer broke the rules too often and is not listened to for a while",
            ["peer": identity?.text ?? "unknown", "address": "\(listener.address)"])
        if let identity { quarantined[identity] = until }
        let epoch = route.session?.epoch ?? 0
        tellGoodbye("malformed", "too many frames broke the rules", on: port, route: number, epoch: epoch)
        route.mutedUntil = until
        if let session = route.session {
            for lane in Lane.allCases {
                listener.routes[Int(lane.rawValue)][session.lanes[Int(lane.rawValue)].route]?.mutedUntil = until
            }
            end(session, reason: BusError(.protocolViolation, "'\(session.peer)' broke the rules too often"))
        }
    }

    // MARK: - On a connector

    private func takeDirect(_ port: Port, _ connector: Connector) {
        guard !port.socket.isClosed, case .part = reader.takeHead(port.socket) else {
            port.socket.needsAttention = false
            return
        }
        do {
            let arrival = try takeRest(port)
            if let session = connector.session { receive(arrival, session) }
        } catch {
            metrics.dropped(error.label)
            if let session = connector.session { offend(connector, session) }
        }
    }

    private func offend(_ connector: Connector, _ session: Session) {
        guard connector.conduct.offend(at: now) else { return }
        metrics.quarantined()
        connector.conduct = makeConduct()
        lose(connector, because: BusError(.protocolViolation, "'\(session.peer)' broke the rules too often"))
    }

    // MARK: - Both

    /// Checks the head that was just taken and takes the attachments. When the message is refused, the rest of it is gone.
    private func takeRest(_ port: Port) throws(FrameDefect) -> Arrival {
        var hasMore = reader.headHasMore
        do {
            let head = reader.headBytes
            let header = try FrameHeader(decoding: head, on: port.lane, limits: configuration.frames)
            let subject = header.subjectLength == 0 ? "" : header.subject(of: head)
            let body = Data(header.body(of: head))
            var byteCount = head.count
            guard hasMore || header.attachmentCount > 0 else {
                count(port.lane, byteCount)
                return Arrival(header: header, subject: subject, body: body, attachments: [], byteCount: byteCount)
            }
            var shape = MessageShape(header, limits: configuration.frames)
            var attachments: [Attachment] = []
            attachments.reserveCapacity(Int(header.attachmentCount))
            while hasMore {
                guard let part = reader.takeAttachment(port.socket) else {
                    hasMore = false
                    break
                }
                hasMore = part.hasMore
                try shape.admit(attachmentBytes: part.storage.bytes.count)
                byteCount += part.storage.bytes.count
                attachments.append(Attachment(storage: part.storage))
            }
            try shape.finish()
            count(port.lane, byteCount)
            return Arrival(header: header, subject: subject, body: body, attachments: attachments, byteCount: byteCount)
        } catch {
            if hasMore { reader.skipRest(port.socket) }
            throw error
        }
    }

    private func count(_ lane: Lane, _ bytes: Int) {
        let counters = metrics[lane]
        counters.messagesIn.increment()
        counters.bytesIn.increment(by: bytes)
    }

    /// A message of a session.
    func receive(_ arrival: Arrival, _ session: Session) {
        let header = arrival.header
        let lane = Int(header.lane.rawValue)
        guard header.session == session.epoch else { return metrics.dropped("stale-session") }
        guard header.sequence > session.lanes[lane].lastSequence else {
            metrics.dropped("replayed")
            misbehave(session, header.lane)
            return
        }
        session.lanes[lane].lastSequence = header.sequence
        session.lastHeard = now
        crowd.count(header.lane, seen: &session.crowdWindow, at: now)
        if header.kind == .welcome { return receiveWelcome(arrival, session) }
        guard session.lanes[lane].isBound else { return metrics.dropped("not-greeted") }
        switch header.kind {
        case .request: receiveRequest(arrival, session)
        case .streamOpen: receiveStreamOpen(arrival, session)
        case .cancel: receiveCancel(header.correlation, session)
        case .streamCredit: receiveCredit(header, session)
        case .reply: receiveReply(arrival, session)
        case .failure: receiveFailure(arrival, session)
        case .streamItem: receiveItem(arrival, session)
        case .streamEnd: receiveStreamEnd(header, session)
        case .event: receiveEvent(arrival, session)
        case .heartbeat: break
        case .goodbye: receiveGoodbye(arrival, session)
        case .hello, .welcome: misbehave(session, header.lane)
        }
    }

    /// A well-formed message that does not belong here.
    func misbehave(_ session: Session, _ lane: Lane) {
        switch session.side {
        case .connecting(let connector): offend(connector, session)
        case .listening(let listener):
            let number = session.lanes[Int(lane.rawValue)].route
            guard let route = listener.routes[Int(lane.rawValue)][number] else { return }
            offend("misplaced", listener, listener.ports[Int(lane.rawValue)], number, route, identity: session.peer)
        }
    }
}
