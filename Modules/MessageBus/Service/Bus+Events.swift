public import Contracts
public import Core
import Telemetry

extension Bus {
    /// Announces `payload` to this process's handlers of `topic` and to every connected peer that listens to it. Nobody
    /// answers; a peer that is away misses it.
    public func publish<Payload>(_ topic: Topic<Payload>, _ payload: Payload, trace: TraceID = .none) async {
        let subject = topic.subject
        let message = RawMessage(
            body: .value(payload), attachments: [], peer: .local, trace: trace, deadline: nil)
        for handler in handlers.events(subject) where !handler.deliver(message) { metrics.dropped("slow-listener") }
        if roster.isEmpty { return }
        do {
            let body = try MessageBody.encode(
                payload, subject: subject, limit: configuration.frames[topic.lane].bodyBytes)
            loop.perform { $0.publish(subject, lane: topic.lane, body: body, trace: trace) }
        } catch {
            logger.error("an event was not sent", ["subject": subject], error: error)
        }
    }
}
