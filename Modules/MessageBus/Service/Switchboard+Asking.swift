import Contracts
import Core
import FoundationEssentials
import Telemetry

extension Switchboard {
    // MARK: - Our questions

    /// Sends a question to the newest session with `peer`.
    func ask(
        _ peer: PeerID, _ question: Question, _ body: Data, correlation: UInt64, window: Int = 0, _ kind: Ask.Kind
    ) {
        func fail(_ error: any Error) {
            switch kind {
            case .call(let continuation): continuation.resume(throwing: error)
            case .stream(let buffer): buffer.finish(error)
            }
        }
        guard case .open = phase else { return fail(BusError.closing) }
        guard let session = sessionsByPeer[peer]?.last(where: \.isUp) else {
            return fail(
                BusError(.unreachable, "there is no connection to '\(peer)'", cause: roster.failure(peer)))
        }
        var header = FrameHeader(
            kind: window > 0 ? .streamOpen : .request, lane: question.lane,
            flags: question.isRetry ? .retry : [], correlation: correlation, argument: UInt64(window),
            trace: question.trace, key: question.key)
        if let deadline = question.deadline {
            // What is left travels, because clocks differ; rounded up, so that 0 keeps meaning "no limit".
            let remaining = ContinuousClock.now.duration(to: deadline).milliseconds + 1
            guard remaining > 1 else { return fail(question.deadlineError(peer)) }
            header.timeoutMilliseconds = min(UInt64(remaining), FrameHeader.maximumTimeoutMilliseconds)
            dues.insert(.ask(correlation), due: deadline)
        }
        asks[correlation] = Ask(
            session: session, question: question, kind: kind, hasDeadline: question.deadline != nil)
        let message = OutgoingMessage(
            header: header, subject: question.subject, body: body, attachments: question.attachments)
        if !send(message, to: session, .refuse), asks[correlation] != nil {
            remove(correlation)?.fail(
                BusError(.overloaded, "too much waits to be sent to '\(peer)' already; try again later"))
        }
    }

    /// Takes a question out of the books.
    @discardableResult
    private func remove(_ correlation: UInt64) -> Ask? {
        guard let ask = asks.removeValue(forKey: correlation) else { return nil }
        if ask.hasDeadline { forgetDue() }
        return ask
    }

    /// Nobody waits for the answer any more: the peer is told.
    func abandon(_ correlation: UInt64) {
        guard let ask = remove(correlation) else { return }
        tellCancel(ask, correlation)
        ask.fail(CancellationError())
    }

    func expireAsk(_ correlation: UInt64) {
        guard let ask = asks.removeValue(forKey: correlation) else { return }
        tellCancel(ask, correlation)
        ask.fail(ask.question.deadlineError(ask.session.peer))
    }

    private func tellCancel(_ ask: Ask, _ correlation: UInt64) {
        send(
            OutgoingMessage(header: FrameHeader(kind: .cancel, lane: ask.question.lane, correlation: correlation)),
            to: ask.session, .refuse)
    }

    /// The reader of a stream took so many bytes.
    func grant(_ bytes: Int, to correlation: UInt64) {
        guard let ask = asks[correlation] else { return }
        send(
            OutgoingMessage(
                header: FrameHeader(
                    kind: .streamCredit, lane: ask.question.lane, correlation: correlation, argument: UInt64(bytes))),
            to: ask.session, .mustSend)
    }

    // MARK: - Answers

    /// The question that a message of `session` answers, or `nil`: answers may come after we stopped waiting.
    private func find(_ header: FrameHeader, _ session: Session) -> Ask? {
        guard let ask = asks[header.correlation], ask.session === session, ask.question.lane == header.lane else {
            metrics.dropped("late")
            return nil
        }
        return ask
    }

    func receiveReply(_ arrival: Arrival, _ session: Session) {
        guard let ask = find(arrival.header, session) else { return }
        guard case .call(let continuation) = ask.kind else { return misbehave(session, arrival.header.lane) }
        remove(arrival.header.correlation)
        continuation.resume(returning: RawReply(body: .encoded(arrival.body), attachments: arrival.attachments))
    }

    func receiveFailure(_ arrival: Arrival, _ session: Session) {
        let failure: Failure
        do {
            failure = try MessageBody.encoded(arrival.body).decode(Failure.self, subject: "failure")
        } catch {
            return misbehave(session, arrival.header.lane)
        }
        guard arrival.header.correlation != 0 else {
            metrics.dropped("misunderstood-by-peer")
            logger.warning("a peer did not understand a frame of ours", ["peer": session.peer.text], error: failure)
            return
        }
        guard find(arrival.header, session) != nil else { return }
        remove(arrival.header.correlation)?.fail(BusError(failure, from: session.peer))
    }

    func receiveItem(_ arrival: Arrival, _ session: Session) {
        guard let ask = find(arrival.header, session) else { return }
        guard case .stream(let buffer) = ask.kind else { return misbehave(session, arrival.header.lane) }
        let message = RawMessage(
            body: .encoded(arrival.body), attachments: arrival.attachments, peer: session.peer,
            trace: ask.question.trace, deadline: ask.question.deadline)
        guard arrival.header.argument == buffer.received else {
            return breakOff(arrival.header.correlation, "an item of '\(ask.question.subject)' was lost", session)
        }
        if !buffer.push(StreamBuffer.Item(message: message, cost: arrival.byteCount)) {
            misbehave(session, arrival.header.lane)
            breakOff(
                arrival.header.correlation, "'\(session.peer)' sent more of '\(ask.question.subject)' than it may",
                session)
        }
    }

    func receiveStreamEnd(_ header: FrameHeader, _ session: Session) {
        if header.flags.contains(.acknowledgement) { return }
        guard let ask = find(header, session) else { return }
        guard case .stream(let buffer) = ask.kind else { return misbehave(session, header.lane) }
        guard header.argument == buffer.received else {
            return breakOff(header.correlation, "items of '\(ask.question.subject)' were lost", session)
        }
        remove(header.correlation)
        send(
            OutgoingMessage(
                header: FrameHeader(
                    kind: .streamEnd, lane: header.lane, flags: .acknowledgement, correlation: header.correlation)),
            to: session, .mustSend)
        buffer.finish()
    }

    /// Ends a stream that cannot be whole any more.
    private func breakOff(_ correlation: UInt64, _ reason: String, _ session: Session) {
        guard let ask = remove(correlation) else { return }
        tellCancel(ask, correlation)
        ask.fail(BusError(.unreachable, reason))
    }

    // MARK: - Events

    func publish(_ subject: String, lane: Lane, body: Data, trace: TraceID) {
        let message = OutgoingMessage(
            header: FrameHeader(kind: .event, lane: lane, trace: trace), subject: subject, body: body)
        for sessions in sessionsByPeer.values {
            for session in sessions where session.isUp && session.subscriptions.contains(subject) {
                if !send(message, to: session, .refuse) { metrics.dropped("event-without-room") }
            }
        }
    }

    func receiveEvent(_ arrival: Arrival, _ session: Session) {
        let handlers = handlers.events(arrival.subject)
        if handlers.isEmpty { return metrics.dropped("unwanted-event") }
        let message = RawMessage(
            body: .encoded(arrival.body), attachments: arrival.attachments, peer: session.peer,
            trace: arrival.header.trace, deadline: nil)
        for handler in handlers where !handler.deliver(message) { metrics.dropped("slow-listener") }
    }
}
