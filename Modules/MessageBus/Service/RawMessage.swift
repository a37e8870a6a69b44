import Contracts
import Core

/// A message whose body's type only its handler knows.
struct RawMessage: Sendable {
    var body: MessageBody
    var attachments: [Attachment]
    var peer: PeerID
    var trace: TraceID
    var deadline: ContinuousClock.Instant?

    /// The message with its body as a `Body`.
    func typed<Body: Decodable & Sendable>(_ type: Body.Type, subject: String) throws(BusError) -> Inbound<Body> {
        Inbound(
            body: try body.decode(type, subject: subject), attachments: attachments, peer: peer, trace: trace,
            deadline: deadline)
    }
}

/// A handler's answer before it is sent.
struct RawReply: Sendable {
    var body: MessageBody
    var attachments: [Attachment]

    /// Bytes that remembering it costs.
    var cost: Int { 256 + body.count + attachments.reduce(0) { $0 + $1.count } }
}
