public import Contracts
public import Core

extension Bus {
    /// Asks `destination` for a stream of items.
    ///
    /// Memory is bounded on both sides: the writer may be ahead of the reader by `window` bytes and one item.
    /// - Parameters:
    ///   - window: bytes that may be on their way or wait to be read.
    ///   - timeout: for the whole stream, or `nil` for no limit.
    /// - Returns: the items as they come. Failures, also those of the start, come out of reading it.
    /// - Throws: `BusError` when there is no session with the peer or nobody here answers the subject.
    public func stream<Request, Item>(
        _ call: StreamCall<Request, Item>, _ request: Request, to destination: Destination = .local,
        window: Int = 4 << 20, timeout: Duration? = nil, trace: TraceID = .none
    ) async throws -> InboundStream<Item> {
        precondition(window > 0, "a stream needs a window")
        let question = Question(
            subject: call.subject, lane: call.lane, attachments: [], trace: trace,
            deadline: timeout.map { ContinuousClock.now.advanced(by: $0) }, timeout: timeout)
        let buffer =
            switch destination {
            case .local: try openLocal(question, .value(request), window: window)
            case .peer(let peer): try open(peer, question, request, window: window)
            }
        return InboundStream(subject: call.subject, buffer: buffer)
    }

    private func open(
        _ peer: PeerID, _ question: Question, _ request: some Codable & Sendable, window: Int
    ) throws(BusError) -> StreamBuffer {
        let limits = configuration.frames[question.lane]
        let body = try MessageBody.encode(request, subject: question.subject, limit: limits.bodyBytes)
        guard isConnected(peer) else {
            throw BusError(.unreachable, "there is no connection to '\(peer)'", cause: roster.failure(peer))
        }
        let correlation = loop.nextCorrelation()
        let buffer = StreamBuffer(
            window: window,
            grant: { [loop] bytes in loop.perform { $0.grant(bytes, to: correlation) } },
            abandon: { [loop] in loop.perform { $0.abandon(correlation) } })
        let isAccepted = loop.perform {
            $0.ask(peer, question, body, correlation: correlation, window: window, .stream(buffer))
        }
        guard isAccepted else { throw BusError.closing }
        return buffer
    }

    /// Within the process: the handler runs as a child of `run`, and items pass as they are.
    private func openLocal(_ question: Question, _ body: MessageBody, window: Int) throws(BusError) -> StreamBuffer {
        let subject = question.subject
        guard let handler = handlers.stream(subject) else {
            throw BusError(.unknownSubject, "nobody answers '\(subject)' in this process")
        }
        let gate = CreditGate(window: window)
        let task = TaskHandle()
        let buffer = StreamBuffer(
            window: window, grant: { gate.grant($0) },
            abandon: {
                gate.close(BusError(.cancelled, "the reader of '\(subject)' is gone"))
                task.cancel()
            })
        let message = RawMessage(
            body: body, attachments: [], peer: .local, trace: question.trace, deadline: question.deadline)
        let sink = StreamSink(
            subject: subject, isLocal: true, limits: configuration.frames[question.lane], gate: gate
        ) { reply, cost in
            let item = RawMessage(
                body: reply.body, attachments: reply.attachments, peer: .local, trace: message.trace,
                deadline: message.deadline)
            // The gate let it through, and reader and gate count alike.
            _ = buffer.push(StreamBuffer.Item(message: item, cost: cost))
        }
        let isAccepted = inbox.submit(handler.execution) {
            let end: (any Error)?? = await task.run {
                do {
                    guard question.deadline != nil else {
                        try await handler.respond(message, sink)
                        return nil
                    }
                    let isDone: Void? = try await Deadline.within(question.remaining) {
                        try await handler.respond(message, sink)
                    }
                    return isDone == nil ? question.deadlineError(.local) : nil
                } catch { return BusError(local: error) }
            }
            if let end { buffer.finish(end) }
        }
        guard isAccepted else { throw BusError.closing }
        return buffer
    }
}
