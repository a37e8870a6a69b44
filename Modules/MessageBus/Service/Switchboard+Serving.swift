import Contracts
import Core

extension Switchboard {
    // MARK: - Requests

    func receiveRequest(_ arrival: Arrival, _ session: Session) {
        let header = arrival.header
        guard let handler = handlers.call(arrival.subject) else {
            return refuse(header, session, .unknownSubject, "nobody answers '\(arrival.subject)' here")
        }
        guard admits(arrival, session, lane: handler.lane) else { return }
        let task = TaskHandle()
        let effect = header.key.map { EffectMemory.ID(peer: session.peer, subject: arrival.subject, key: $0) }
        if let id = effect {
            let waiter = EffectWaiter(session: session.number, correlation: header.correlation)
            switch effects.admit(id, waiter: waiter, at: now) {
            case .known(let outcome):
                metrics.dropped("repeated")
                return answer(outcome, header.correlation, header.lane, session)
            case .joined:
                metrics.dropped("repeated")
                guard let running = effectTasks[id] else { return }
                return begin(arrival, session, running, effect: id)
            case .execute: effectTasks[id] = task
            }
        }
        begin(arrival, session, task, effect: effect)
        let message = message(arrival, session)
        let number = session.number
        let isAccepted = inbox.submit(handler.execution) { [weak loop] in
            let outcome: Result<RawReply, BusError>? = await task.run {
                do { return .success(try await handler.respond(message)) } catch {
                    return .failure(Self.outcome(error))
                }
            }
            let settled = outcome ?? .failure(BusError(.cancelled, "the request was cancelled before it began"))
            loop?.perform { board in
                if let effect {
                    board.settle(effect, settled)
                } else {
                    board.complete(header.correlation, number, settled)
                }
            }
        }
        if !isAccepted { withdraw(header, session, effect) }
    }

    /// A handler's failure as its asker sees it.
    private static func outcome(_ error: any Error) -> BusError { BusError(Failure(error), from: .local) }

    private func message(_ arrival: Arrival, _ session: Session) -> RawMessage {
        let timeout = arrival.header.timeoutMilliseconds
        return RawMessage(
            body: .encoded(arrival.body), attachments: arrival.attachments, peer: session.peer,
            trace: arrival.header.trace,
            deadline: timeout == 0 ? nil : now.advanced(by: .milliseconds(Int64(timeout))))
    }

    /// Whether there is room for one more request of this peer; if not, it is told.
    private func admits(_ arrival: Arrival, _ session: Session, lane: Lane) -> Bool {
        let header = arrival.header
        guard case .open = phase else {
            refuse(header, session, .shuttingDown, "'\(configuration.identity)' is closing")
            return false
        }
        guard header.lane == lane else {
            refuse(header, session, .malformed, "'\(arrival.subject)' travels by the lane \(lane), not \(header.lane)")
            return false
        }
        guard session.served[header.correlation] == nil else {
            misbehave(session, header.lane)
            return false
        }
        guard session.served.count < configuration.maximumConcurrentRequests,
            session.servedBytes + arrival.byteCount <= configuration.maximumRequestBytes
        else {
            refuse(header, session, .overloaded, "too many requests of '\(session.peer)' are at work; try again later")
            return false
        }
        return true
    }

    /// Enters a request into the books.
    private func begin(
        _ arrival: Arrival, _ session: Session, _ task: TaskHandle, effect: EffectMemory.ID? = nil,
        gate: CreditGate? = nil
    ) {
        let header = arrival.header
        session.served[header.correlation] = ServedRequest(
            correlation: header.correlation, subject: arrival.subject, lane: header.lane, cost: arrival.byteCount,
            task: task, effect: effect, gate: gate)
        session.servedBytes += arrival.byteCount
        if header.timeoutMilliseconds > 0 {
            dues.insert(
                .served(session: session.number, correlation: header.correlation),
                due: now.advanced(by: .milliseconds(Int64(header.timeoutMilliseconds))))
        }
    }

    /// The bus no longer runs handlers.
    private func withdraw(_ header: FrameHeader, _ session: Session, _ effect: EffectMemory.ID?) {
        let outcome: Result<RawReply, BusError> = .failure(.closing)
        if let effect { settle(effect, outcome) } else { complete(header.correlation, session.number, outcome) }
    }

    /// The handler of an effect is done: everyone who waits gets its outcome.
    private func settle(_ id: EffectMemory.ID, _ outcome: Result<RawReply, BusError>) {
        effectTasks[id] = nil
        let isRemembered: Bool
        let cost: Int
        switch outcome {
        case .success(let reply): (isRemembered, cost) = (true, reply.cost)
        case .failure(let error): (isRemembered, cost) = (!error.isRetriable, 256 + error.message.utf8.count)
        }
        for waiter in effects.finish(id, outcome: isRemembered ? outcome : nil, cost: cost, at: now) {
            complete(waiter.correlation, waiter.session, outcome)
        }
    }

    /// The handler of a request is done.
    private func complete(_ correlation: UInt64, _ number: UInt64, _ outcome: Result<RawReply, BusError>) {
        guard let session = sessions[number], let served = remove(correlation, session), !served.isAbandoned else {
            return
        }
        answer(outcome, correlation, served.lane, session)
    }

    private func remove(_ correlation: UInt64, _ session: Session) -> ServedRequest? {
        guard let served = session.served.removeValue(forKey: correlation) else { return nil }
        session.servedBytes -= served.cost
        forgetDue()
        return served
    }

    private func answer(
        _ outcome: Result<RawReply, BusError>, _ correlation: UInt64, _ lane: Lane, _ session: Session
    ) {
        switch outcome {
        case .success(let reply):
            guard case .encoded(let body) = reply.body else { preconditionFailure("a peer's answer is encoded") }
            send(
                OutgoingMessage(
                    header: FrameHeader(kind: .reply, lane: lane, correlation: correlation), body: body,
                    attachments: reply.attachments), to: session, .mustSend)
        case .failure(let error):
            send(
                OutgoingMessage(
                    header: FrameHeader(kind: .failure, lane: lane, correlation: correlation),
                    body: encode(error.wire)), to: session, .mustSend)
        }
    }

    private func refuse(_ header: FrameHeader, _ session: Session, _ code: BusError.Code, _ message: String) {
        metrics.dropped(code.rawValue)
        answer(.failure(BusError(code, message)), header.correlation, header.lane, session)
    }

    // MARK: - Streams

    func receiveStreamOpen(_ arrival: Arrival, _ session: Session) {
        let header = arrival.header
        guard let handler = handlers.stream(arrival.subject) else {
            return refuse(header, session, .unknownSubject, "nobody answers '\(arrival.subject)' here")
        }
        guard admits(arrival, session, lane: handler.lane) else { return }
        guard header.argument > 0 else {
            return refuse(header, session, .malformed, "the stream '\(arrival.subject)' was opened without credit")
        }
        let gate = CreditGate(window: Int(header.argument))
        let task = TaskHandle()
        begin(arrival, session, task, gate: gate)
        let message = message(arrival, session)
        let number = session.number
        let correlation = header.correlation
        let sink = StreamSink(
            subject: arrival.subject, isLocal: false, limits: configuration.frames[header.lane], gate: gate
        ) { [weak loop] item, _ in
            loop?.perform { $0.emit(item, correlation, number) }
        }
        let isAccepted = inbox.submit(handler.execution) { [weak loop] in
            let error: BusError?? = await task.run {
                do {
                    try await handler.respond(message, sink)
                    return nil
                } catch { return Self.outcome(error) }
            }
            let end = error ?? BusError(.cancelled, "the stream was cancelled before it began")
            loop?.perform { $0.endStream(correlation, number, end) }
        }
        if !isAccepted { endStream(correlation, number, .closing) }
    }

    private func emit(_ item: RawReply, _ correlation: UInt64, _ number: UInt64) {
        guard let session = sessions[number], let served = session.served[correlation], !served.isAbandoned,
            case .encoded(let body) = item.body
        else { return }
        let header = FrameHeader(
            kind: .streamItem, lane: served.lane, correlation: correlation, argument: served.itemCount)
        served.itemCount += 1
        send(OutgoingMessage(header: header, body: body, attachments: item.attachments), to: session, .mustSend)
    }

    private func endStream(_ correlation: UInt64, _ number: UInt64, _ error: BusError?) {
        guard let session = sessions[number], let served = remove(correlation, session) else { return }
        served.gate?.close(error ?? BusError(.misuse, "the stream '\(served.subject)' has ended"))
        if served.isAbandoned { return }
        if let error { return answer(.failure(error), correlation, served.lane, session) }
        // The asker's acknowledgement needs no waiting for: a goodbye on this lane is only answered after it.
        send(
            OutgoingMessage(
                header: FrameHeader(
                    kind: .streamEnd, lane: served.lane, correlation: correlation, argument: served.itemCount)),
            to: session, .mustSend)
    }

    func receiveCredit(_ header: FrameHeader, _ session: Session) {
        session.served[header.correlation]?.gate?.grant(Int(header.argument))
    }

    // MARK: - Nobody waits any more

    func receiveCancel(_ correlation: UInt64, _ session: Session) {
        guard let served = session.served[correlation] else { return }
        abandon(served, session, BusError(.cancelled, "the asker of '\(served.subject)' cancelled"))
    }

    func expireServed(_ number: UInt64, _ correlation: UInt64) {
        guard let session = sessions[number], let served = session.served[correlation] else { return }
        abandon(served, session, BusError(.deadlineExceeded, "the asker of '\(served.subject)' no longer waits"))
    }

    private func abandon(_ served: ServedRequest, _ session: Session, _ reason: BusError) {
        served.isAbandoned = true
        served.gate?.close(reason)
        if let effect = served.effect {
            let isAlone = effects.withdraw(effect) {
                $0.session == session.number && $0.correlation == served.correlation
            }
            // Its room in the books is free at once: the handler may serve others, or ends soon.
            _ = remove(served.correlation, session)
            if !isAlone { return }
        }
        served.task.cancel()
    }

    /// The session ended: handlers of calls without an idempotency key are cancelled; with one, a retry may come for it.
    func abandonServed(_ session: Session, reason: BusError) {
        for served in session.served.values {
            served.gate?.close(reason)
            if let effect = served.effect {
                _ = effects.withdraw(effect) { $0.session == session.number }
            } else {
                served.task.cancel()
            }
        }
        session.served = [:]
        session.servedBytes = 0
    }
}
