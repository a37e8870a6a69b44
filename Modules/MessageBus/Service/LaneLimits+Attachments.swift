extension LaneLimits {
    /// Whether a message may carry `attachments`.
    /// - Throws: `BusError` `too-large`, with the limit that is exceeded.
    func check(_ attachments: [Attachment], subject: String) throws(BusError) {
        if attachments.isEmpty { return }
        guard attachments.count <= self.attachments else {
            throw BusError(
                .tooLarge,
                "'\(subject)' carries \(attachments.count) attachments and its lane allows \(self.attachments)")
        }
        var total = 0
        for attachment in attachments {
            guard attachment.count <= attachmentBytes else {
                throw BusError(
                    .tooLarge,
                    "an attachment of '\(subject)' has \(attachment.count) bytes and its lane allows \(attachmentBytes); "
                        + "send it in parts, as a stream")
            }
            total += attachment.count
        }
        guard total <= totalAttachmentBytes else {
            throw BusError(
                .tooLarge,
                "the attachments of '\(subject)' have \(total) bytes and its lane allows \(totalAttachmentBytes); "
                    + "send them in parts, as a stream")
        }
    }
}
