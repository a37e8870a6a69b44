public import Contracts
public import Core
import FoundationEssentials
import Telemetry

extension Bus {
    /// Asks `destination` and waits for the answer.
    ///
    /// - Parameters:
    ///   - timeout: for everything, retries included. The handler is told how much of it is left.
    ///   - key: names the effect, so that repeating the call after a lost answer has it once. Made up when `retry` is given
    ///     and `key` is not.
    ///   - retry: how often and how patiently failures that may pass are tried again, also over a lost connection.
    ///   - trace: the job this belongs to.
    /// - Throws: `BusError` with one of its codes or the handler's own; `CancellationError` when the calling task is
    ///   cancelled, which also cancels the handler.
    public func call<Request, Reply>(
        _ call: Call<Request, Reply>, _ request: Request, attachments: [Attachment] = [],
        to destination: Destination = .local, timeout: Duration = .seconds(10), key: IdempotencyKey? = nil,
        retry: RetryPolicy? = nil, trace: TraceID = .none
    ) async throws -> Inbound<Reply> {
        let deadline = ContinuousClock.now.advanced(by: timeout)
        var question = Question(
            subject: call.subject, lane: call.lane, attachments: attachments, trace: trace, deadline: deadline,
            timeout: timeout, key: key)
        switch destination {
        case .local:
            guard let retry else { return try await ask(question, .value(request)) }
            question.key = key ?? .random()
            return try await retry.run { [question] in try await ask(question, .value(request)) }
        case .peer(let peer):
            let limits = configuration.frames[call.lane]
            try limits.check(attachments, subject: call.subject)
            let body = try MessageBody.encode(request, subject: call.subject, limit: limits.bodyBytes)
            guard let retry else { return try await ask(peer, question, body) }
            question.key = key ?? .random()
            return try await ask(peer, question, body, retry: retry)
        }
    }

    /// Within the process: the handler runs in the calling task.
    private func ask<Reply: Codable & Sendable>(_ question: Question, _ body: MessageBody) async throws -> Inbound<
        Reply
    > {
        guard let handler = handlers.call(question.subject) else {
            throw BusError(.unknownSubject, "nobody answers '\(question.subject)' in this process")
        }
        let message = RawMessage(
            body: body, attachments: question.attachments, peer: .local, trace: question.trace,
            deadline: question.deadline)
        let reply: RawReply?
        do {
            reply = try await Deadline.within(question.remaining) { [localOutcomes] in
                guard let key = question.key else { return try await handler.respond(message) }
                return try await localOutcomes.once(question.subject, key: key) { try await handler.respond(message) }
            }
        } catch {
            try Task.checkCancellation()
            throw BusError(local: error)
        }
        guard let reply else { throw question.deadlineError(.local) }
        return try question.typed(reply, from: .local)
    }

    private func ask<Reply: Codable & Sendable>(
        _ peer: PeerID, _ question: Question, _ body: Data
    ) async throws -> Inbound<Reply> {
        try question.typed(try await exchange(with: peer, question, body), from: peer)
    }

    /// Sends one question and waits for its answer. Cancelling the task tells the peer.
    private func exchange(with peer: PeerID, _ question: Question, _ body: Data) async throws -> RawReply {
        let correlation = loop.nextCorrelation()
        let start = ContinuousClock.now
        let reply: RawReply = try await withTaskCancellationHandler {
            try Task.checkCancellation()
            return try await withCheckedThrowingContinuation { continuation in
                let isAccepted = loop.perform {
                    $0.ask(peer, question, body, correlation: correlation, .call(continuation))
                }
                if !isAccepted { continuation.resume(throwing: BusError.closing) }
                // Cancelled between the check and here: the handler below ran before there was anything to abandon.
                if Task.isCancelled { loop.perform { $0.abandon(correlation) } }
            }
        } onCancel: {
            loop.perform { $0.abandon(correlation) }
        }
        metrics.roundTrip.observe(ContinuousClock.now - start)
        return reply
    }

    /// Tries until an answer comes, a failure that will not pass, or the end of the time or the attempts.
    private func ask<Reply: Codable & Sendable>(
        _ peer: PeerID, _ question: Question, _ body: Data, retry: RetryPolicy
    ) async throws -> Inbound<Reply> {
        var generator = SystemRandomNumberGenerator()
        var question = question
        var attempt = 0
        while true {
            do { return try await ask(peer, question, body) } catch let error as BusError where error.isRetriable {
                guard let pause = retry.delay(beforeRetry: attempt, using: &generator), pause < question.remaining
                else { throw error }
                metrics.retries.increment()
                logger.debug("a call is repeated", ["subject": question.subject, "peer": peer.text], error: error)
                try await ContinuousClock().sleep(for: pause)
                if error.is(.unreachable) {
                    // Waiting for the connection counts as part of this attempt.
                    try await ready(peer, timeout: question.remaining)
                }
                attempt += 1
                question.isRetry = true
            }
        }
    }
}
