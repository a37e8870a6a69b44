import Contracts
import Core

/// A call or stream on its way to a peer, without its body.
struct Question: Sendable {
    let subject: String
    let lane: Lane
    let attachments: [Attachment]
    let trace: TraceID
    /// When the asker stops waiting, or `nil` when it waits for ever.
    let deadline: ContinuousClock.Instant?
    /// The same as it was at the start, for messages.
    let timeout: Duration?
    var key: IdempotencyKey?
    /// It was sent before under the same key.
    var isRetry = false

    func deadlineError(_ peer: PeerID) -> BusError {
        let limit = timeout.map { " within \($0)" } ?? ""
        return BusError(.deadlineExceeded, "'\(subject)' had no answer from '\(peer)'\(limit)")
    }

    /// How much of the time is left.
    var remaining: Duration { deadline.map { ContinuousClock.now.duration(to: $0) } ?? .seconds(366 * 86_400) }

    func typed<Reply: Codable & Sendable>(_ reply: RawReply, from peer: PeerID) throws(BusError) -> Inbound<Reply> {
        Inbound(
            body: try reply.body.decode(Reply.self, subject: subject), attachments: reply.attachments, peer: peer,
            trace: trace, deadline: deadline)
    }
}
