public import Contracts
import Telemetry

extension Bus {
    /// Answers `call` with a body and attachments.
    ///
    /// The handler's task is cancelled when the asker cancels, its deadline passes, its connection is lost (unless the call
    /// has an idempotency key: then a retry may still collect the answer) or the bus stops. What it throws reaches the asker
    /// with its code, message and `isRetriable`.
    /// - Precondition: no other handler answers the subject.
    public func handle<Request, Reply>(
        _ call: Call<Request, Reply>, execution: HandlerExecution = .pool,
        _ handler: @escaping @Sendable (Inbound<Request>) async throws -> Outbound<Reply>
    ) {
        let (subject, audience) = (call.subject, call.audience)
        let limits = configuration.frames[call.lane]
        handlers.add(
            HandlerTable.CallHandler(lane: call.lane, execution: execution) { message in
                try Self.admit(message.peer, to: subject, audience)
                let reply = try await handler(try message.typed(Request.self, subject: subject))
                guard case .encoded = message.body else {
                    return RawReply(body: .value(reply.body), attachments: reply.attachments)
                }
                try limits.check(reply.attachments, subject: subject)
                let body = try MessageBody.encode(reply.body, subject: subject, limit: limits.bodyBytes)
                return RawReply(body: .encoded(body), attachments: reply.attachments)
            }, for: subject)
    }

    /// Answers `call` with a body alone. See the other `handle`.
    public func handle<Request, Reply>(
        _ call: Call<Request, Reply>, execution: HandlerExecution = .pool,
        _ handler: @escaping @Sendable (Inbound<Request>) async throws -> Reply
    ) {
        handle(call, execution: execution) { request in Outbound(try await handler(request)) }
    }

    /// Answers `call` with the items that the handler sends through the writer; the stream ends when it returns, and fails
    /// when it throws.
    /// - Precondition: no other handler answers the subject.
    public func handleStream<Request, Item>(
        _ call: StreamCall<Request, Item>, execution: HandlerExecution = .pool,
        _ handler: @escaping @Sendable (Inbound<Request>, StreamWriter<Item>) async throws -> Void
    ) {
        let (subject, audience) = (call.subject, call.audience)
        handlers.add(
            HandlerTable.StreamHandler(lane: call.lane, execution: execution) { message, sink in
                try Self.admit(message.peer, to: subject, audience)
                try await handler(try message.typed(Request.self, subject: subject), StreamWriter(sink: sink))
            }, for: subject)
    }

    /// Listens to a topic: events of this process and of every peer that is connected, one after the other in the order in
    /// which they came. Register before `run`, because peers are told when they connect.
    ///
    /// Past `maximumWaitingEvents` that wait for a slow handler, the newest are dropped and counted.
    public func on<Payload>(
        _ topic: Topic<Payload>, _ handler: @escaping @Sendable (Inbound<Payload>) async -> Void
    ) {
        let subject = topic.subject
        let (events, feed) = AsyncStream.makeStream(
            of: RawMessage.self, bufferingPolicy: .bufferingOldest(configuration.maximumWaitingEvents))
        handlers.add(
            HandlerTable.EventHandler(lane: topic.lane) { message in
                if case .enqueued = feed.yield(message) { true } else { false }
            }, for: subject)
        inbox.submit(.pool) { [logger] in
            for await message in events {
                do { await handler(try message.typed(Payload.self, subject: subject)) } catch {
                    logger.warning("an event was not understood", ["subject": subject], error: error)
                }
            }
        }
    }

    /// Refuses a peer that the call's contract does not admit, before its request is read.
    private static func admit(_ peer: PeerID, to subject: String, _ audience: Audience) throws(BusError) {
        guard audience.admits(peer) else {
            throw BusError(.refused, "'\(subject)' does not answer to '\(peer)'; it is for \(audience)")
        }
    }
}
