import MessageBus

extension ShardBytes {
    /// The bytes of an attachment, whose memory they share.
    init(_ attachment: Attachment) {
        let (owner, bytes) = attachment.shared
        self.init(owner: owner, bytes: bytes)
    }

    /// The bytes as an attachment that shares their memory.
    var attachment: Attachment { Attachment(owner: buffer, bytes: buffer.bytes(range)) }
}
