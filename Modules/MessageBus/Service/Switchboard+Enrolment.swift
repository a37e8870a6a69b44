import Contracts
import Core
import CZeroMQ
import FoundationEssentials

extension Switchboard {
    /// Takes one message of the enrolment socket, where any key may ask one thing: to be enrolled.
    func takeEnrolment(_ port: Port, _ listener: Listener) {
        guard case .part = reader.takeRoute(port.socket) else {
            port.socket.needsAttention = false
            return
        }
        let route = reader.routeNumber
        guard reader.routeHasMore, case .part = reader.takeHead(port.socket) else { return }
        let key = reader.property(ConnectionProperty.userID).flatMap { PublicKey(z85: $0) }
        let hasAttachments = reader.headHasMore
        let arrival: Arrival
        do {
            let head = reader.headBytes
            let header = try FrameHeader(decoding: head, on: .control, limits: configuration.frames)
            let body = header.body(of: head)
            arrival = Arrival(
                header: header, subject: header.subject(of: head), body: Data(body), attachments: [],
                byteCount: head.count)
            if hasAttachments { reader.skipRest(port.socket) }
        } catch {
            if hasAttachments { reader.skipRest(port.socket) }
            metrics.dropped(error.label)
            return
        }
        guard let route, let key, !hasAttachments, arrival.header.kind == .request,
            arrival.subject == Enrolment.enrol.subject
        else {
            metrics.dropped("misplaced")
            return
        }
        decide(arrival, key, port, route)
    }

    private func decide(_ arrival: Arrival, _ key: PublicKey, _ port: Port, _ route: UInt32) {
        guard case .open = phase, let desk = enrolment else {
            return answerEnrolment(
                .failure(BusError(.refused, "this process enrols nobody")), arrival.header, port, route)
        }
        guard enrolmentsAtWork < EnrolmentDesk.maximumConcurrent else {
            return answerEnrolment(
                .failure(BusError(.overloaded, "others are being enrolled; try again later")), arrival.header, port,
                route)
        }
        enrolmentsAtWork += 1
        let header = arrival.header
        let body = MessageBody.encoded(arrival.body)
        let peer = PeerID(key.z85)
        let deadline = now.advanced(by: .seconds(10))
        let isAccepted = inbox.submit(.pool) { [weak loop] in
            let outcome: Result<EnrolReply, BusError>
            do {
                let request = try body.decode(EnrolRequest.self, subject: Enrolment.enrol.subject)
                let inbound = Inbound(body: request, peer: peer, trace: header.trace, deadline: deadline)
                outcome = .success(try await desk.decide(inbound, key))
            } catch { outcome = .failure(BusError(Failure(error), from: .local)) }
            loop?.perform { board in
                board.enrolmentsAtWork -= 1
                if case .failure = outcome { board.authenticator?.reportFailedEnrolment() }
                board.answerEnrolment(outcome, header, board.enrolmentPort, route)
            }
        }
        if !isAccepted { enrolmentsAtWork -= 1 }
    }

    private var enrolmentPort: Port? { listeners.lazy.compactMap(\.enrolmentPort).first }

    private func answerEnrolment(
        _ outcome: Result<EnrolReply, BusError>, _ header: FrameHeader, _ port: Port?, _ route: UInt32
    ) {
        guard let port else { return }
        let message: OutgoingMessage
        switch outcome {
        case .success(let reply):
            message = OutgoingMessage(
                header: FrameHeader(kind: .reply, lane: .control, correlation: header.correlation), body: encode(reply))
        case .failure(let error):
            message = OutgoingMessage(
                header: FrameHeader(kind: .failure, lane: .control, correlation: header.correlation),
                body: encode(error.wire))
        }
        tell(message, on: port, route: route, epoch: header.session)
    }
}
