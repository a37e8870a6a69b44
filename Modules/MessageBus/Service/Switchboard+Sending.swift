import Contracts
import CZeroMQ
import FoundationEssentials
import Telemetry

extension Switchboard {
    /// What becomes of a message for which there is no room.
    enum SendPolicy {
        /// The caller is told.
        case refuse
        /// The peer that takes nothing loses its session: its answers must not pile up here.
        case mustSend
    }

    private enum Transmission {
        case sent
        /// The lane's socket has no room.
        case full
        /// The connection is gone.
        case lost
    }

    /// Heads up to this size are copied into libzmq's memory; larger ones are metered like attachments.
    private static let meteredHeadBytes = 65_536

    /// Sends a message now, or as soon as there is room.
    /// - Returns: whether it was sent or waits.
    @discardableResult
    func send(_ message: OutgoingMessage, to session: Session, _ policy: SendPolicy) -> Bool {
        if session.isEnded { return false }
        let lane = Int(message.header.lane.rawValue)
        if session.lanes[lane].outbox.isEmpty,
            session.lanes[lane].meter.current <= configuration.maximumBytesInFlight
        {
            switch transmit(message, session) {
            case .sent: return true
            case .full: break
            case .lost:
                end(session, reason: Self.connectionLost(session.peer))
                return false
            }
        }
        let outbox = session.lanes[lane].outbox
        // What must be sent may take twice the room of what can be refused.
        let scale = policy == .mustSend ? 2 : 1
        guard outbox.count < configuration.maximumQueuedMessages * scale,
            outbox.bytes + message.byteCount <= configuration.maximumQueuedBytes * scale
        else {
            metrics.dropped("no-room")
            if policy == .mustSend {
                logger.warning("a peer takes nothing any more", ["peer": session.peer.text])
                end(session, reason: BusError(.unreachable, "'\(session.peer)' takes nothing any more"))
            }
            return false
        }
        session.lanes[lane].outbox.append(message)
        session.lanes[lane].meter.awaitRelease()
        crowded.insert(session.number)
        return true
    }

    /// Sends what waited, as far as there is room now.
    func flushCrowded() {
        for number in crowded {
            guard let session = sessions[number], !session.isEnded else {
                crowded.remove(number)
                continue
            }
            if flush(session) { crowded.remove(number) }
        }
    }

    /// - Returns: whether nothing waits any more.
    private func flush(_ session: Session) -> Bool {
        var isEmpty = true
        for lane in session.lanes.indices {
            while let message = session.lanes[lane].outbox.first {
                session.lanes[lane].meter.awaitRelease()
                guard session.lanes[lane].meter.current <= configuration.maximumBytesInFlight else {
                    isEmpty = false
                    break
                }
                switch transmit(message, session) {
                case .sent: session.lanes[lane].outbox.removeFirst()
                case .full: isEmpty = false
                case .lost:
                    end(session, reason: Self.connectionLost(session.peer))
                    return true
                }
                if !isEmpty { break }
            }
        }
        return isEmpty
    }

    static func connectionLost(_ peer: PeerID) -> BusError {
        BusError(.unreachable, "the connection to '\(peer)' was lost")
    }

    // MARK: - Into the socket

    private func transmit(_ message: OutgoingMessage, _ session: Session) -> Transmission {
        let lane = message.header.lane
        guard let port = session.port(lane), !port.socket.isClosed else { return .lost }
        var header = message.header
        header.session = session.epoch
        header.sequence = session.lanes[Int(lane.rawValue)].nextSequence
        let meter = session.lanes[Int(lane.rawValue)].meter
        var route: UInt32?
        if case .listening = session.side { route = session.lanes[Int(lane.rawValue)].route }
        let transmission = transmit(message, header, to: port, route: route, meter: meter)
        if case .sent = transmission {
            session.lanes[Int(lane.rawValue)].nextSequence += 1
            if lane == .control, header.kind != .heartbeat { session.hasSpoken = true }
        }
        return transmission
    }

    /// Sends a message outside of any session: to a connection that has none.
    func tell(_ message: OutgoingMessage, on port: Port, route: UInt32, epoch: UInt64) {
        var header = message.header
        header.session = epoch
        // Whatever the peer counted up to, nothing can come after this.
        header.sequence = .max
        // Best effort: whoever has no session is told so once more when it asks again.
        _ = transmit(message, header, to: port, route: route, meter: FlightMeter(wake: wake))
    }

    private func transmit(
        _ message: OutgoingMessage, _ header: FrameHeader, to port: Port, route: UInt32?, meter: FlightMeter
    ) -> Transmission {
        let socket = port.socket
        socket.needsAttention = true
        guard let head = Self.head(message, header, meter: meter) else { return .lost }
        if let route {
            let status = Self.sendRoute(route, to: socket)
            if status == EAGAIN { return .full }
            if status != 0 { return .lost }
        }
        let status = head.send(to: socket, more: !message.attachments.isEmpty)
        if status != 0 { return status == EAGAIN && route == nil ? .full : .lost }
        var left = message.attachments.count
        for attachment in message.attachments {
            left -= 1
            guard let part = FrameMessage.holding(attachment.owner, meter: meter),
                part.send(to: socket, more: left > 0) == 0
            else { return .lost }
        }
        let counters = metrics[header.lane]
        counters.messagesOut.increment()
        counters.bytesOut.increment(by: message.byteCount)
        return .sent
    }

    private static func head(_ message: OutgoingMessage, _ header: FrameHeader, meter: FlightMeter) -> FrameMessage? {
        var header = header
        header.subjectLength = UInt16(message.subject.utf8.count)
        header.bodyLength = UInt32(message.body.count)
        header.attachmentCount = UInt16(message.attachments.count)
        func fill(_ buffer: UnsafeMutableRawBufferPointer) {
            var subject = message.subject
            subject.withUTF8 { subject in
                message.body.withUnsafeBytes { body in
                    header.encode(into: buffer, subject: UnsafeRawBufferPointer(subject), body: body)
                }
            }
        }
        if header.headLength <= meteredHeadBytes { return FrameMessage(count: header.headLength, fill) }
        return .holding(AttachmentStorage(count: header.headLength, fill), meter: meter)
    }

    /// - Returns: 0, or libzmq's error number.
    private static func sendRoute(_ route: UInt32, to socket: Socket) -> Int32 {
        withUnsafeTemporaryAllocation(byteCount: 5, alignment: 1) { bytes in
            bytes[0] = 0
            bytes.storeBytes(of: route, toByteOffset: 1, as: UInt32.self)
            while zmq_send(socket.pointer, bytes.baseAddress, 5, ZMQ_SNDMORE | ZMQ_DONTWAIT) < 0 {
                let number = zmq_errno()
                if number != EINTR { return number }
            }
            return 0
        }
    }

    /// The JSON of one of the bus's own bodies, which are small and always writable.
    func encode(_ body: some Encodable) -> Data {
        do { return try MessageBody.encode(body, subject: "bus", limit: configuration.frames.control.bodyBytes) } catch
        {
            preconditionFailure("the bus cannot write its own messages: \(error)")
        }
    }
}
