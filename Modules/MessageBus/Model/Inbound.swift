public import Contracts
public import Core

/// A message as it arrived: a request, a reply, an event or an item of a stream.
public struct Inbound<Body: Sendable>: Sendable {
    public let body: Body
    public let attachments: [Attachment]
    /// Who sent it: `.local` within the process, otherwise the authenticated (`tcp`) or claimed (`ipc`, `inproc`) peer.
    public let peer: PeerID
    /// The job it belongs to.
    public let trace: TraceID
    /// When the asker stops waiting, or `nil` when it waits for ever.
    public let deadline: ContinuousClock.Instant?

    public init(
        body: Body, attachments: [Attachment] = [], peer: PeerID = .local, trace: TraceID = .none,
        deadline: ContinuousClock.Instant? = nil
    ) {
        self.body = body
        self.attachments = attachments
        self.peer = peer
        self.trace = trace
        self.deadline = deadline
    }
}
