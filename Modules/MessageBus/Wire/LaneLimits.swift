/// The bounds of one message on one lane.
public struct LaneLimits: Sendable, Hashable {
    /// The largest body, in bytes of JSON.
    public var bodyBytes: Int
    /// The most attachments of one message.
    public var attachments: Int
    /// The largest single attachment, in bytes.
    public var attachmentBytes: Int
    /// All attachments of one message together, in bytes.
    public var totalAttachmentBytes: Int

    /// - Parameter totalAttachmentBytes: by default four of the largest attachments.
    public init(bodyBytes: Int, attachments: Int, attachmentBytes: Int, totalAttachmentBytes: Int? = nil) {
        precondition(bodyBytes >= 0 && bodyBytes <= Int(UInt32.max), "a body's length is an unsigned 32-bit number")
        precondition(attachments >= 0 && attachments <= Int(UInt16.max), "a count is an unsigned 16-bit number")
        self.bodyBytes = bodyBytes
        self.attachments = attachments
        self.attachmentBytes = attachmentBytes
        self.totalAttachmentBytes = totalAttachmentBytes ?? 4 * attachmentBytes
    }

    /// The largest head: header, subject and body.
    public var headBytes: Int { FrameHeader.byteCount + FrameLimits.maximumSubjectBytes + bodyBytes }

    /// The largest single part of a message: what `ZMQ_MAXMSGSIZE` of the lane's sockets must be. libzmq counts what
    /// travels, which under CURVE is 33 bytes more than the part.
    public var partBytes: Int { max(headBytes, attachmentBytes) + Self.encryptionBytes }

    /// At least what CURVE adds to a part (ZeroMQ RFC 26: command name, nonce, authenticator and flags).
    private static let encryptionBytes = 64
}
