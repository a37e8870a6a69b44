/// Checks the parts that follow a head by their sizes alone, as they arrive, before any of them is copied or kept.
///
/// ```swift
/// var shape = MessageShape(header, limits: limits)
/// while moreParts { try shape.admit(attachmentBytes: size) }
/// try shape.finish()
/// ```
public struct MessageShape: Sendable {
    private let limits: LaneLimits
    private let announced: Int
    /// Attachments admitted so far.
    public private(set) var count = 0
    /// Bytes of the attachments admitted so far.
    public private(set) var bytes = 0

    public init(_ header: FrameHeader, limits: FrameLimits) {
        self.limits = limits[header.lane]
        announced = Int(header.attachmentCount)
    }

    /// Admits the next attachment, or says why the whole message is refused.
    public mutating func admit(attachmentBytes size: Int) throws(FrameDefect) {
        guard count < announced else { throw .attachmentCountMismatch(expected: announced, actual: count + 1) }
        guard size <= limits.attachmentBytes else { throw .attachmentTooLarge(size, limit: limits.attachmentBytes) }
        guard size <= limits.totalAttachmentBytes - bytes else {
            throw .attachmentsTooLarge(bytes + size, limit: limits.totalAttachmentBytes)
        }
        count += 1
        bytes += size
    }

    /// The message has no further part: all announced attachments must have come.
    public func finish() throws(FrameDefect) {
        guard count == announced else { throw .attachmentCountMismatch(expected: announced, actual: count) }
    }

    /// Checks all attachments at once.
    public static func check(
        _ header: FrameHeader, attachmentSizes: some Sequence<Int>, limits: FrameLimits
    ) throws(FrameDefect) {
        var shape = MessageShape(header, limits: limits)
        for size in attachmentSizes { try shape.admit(attachmentBytes: size) }
        try shape.finish()
    }
}
