/// A handler's answer.
public struct Outbound<Body: Sendable>: Sendable {
    public let body: Body
    public let attachments: [Attachment]

    public init(_ body: Body, attachments: [Attachment] = []) {
        self.body = body
        self.attachments = attachments
    }
}
