public import Contracts
import Core

extension FrameHeader {
    /// Reads and checks a whole head, `header ‖ subject ‖ body`, without copying or allocating.
    ///
    /// What comes back is within `limits`, sets exactly the fields its kind may set, has a well-formed subject, and
    /// encodes to the same 88 bytes. The body's JSON is not looked at.
    /// - Parameters:
    ///   - head: the first part of a message, from outside.
    ///   - lane: the lane of the socket it came by.
    public init(
        decoding head: UnsafeRawBufferPointer, on lane: Lane, limits: FrameLimits
    ) throws(FrameDefect) {
        guard head.count >= Self.byteCount else { throw .truncated(bytes: head.count) }
        guard Self.load(head, 0, as: UInt32.self) == Self.magic else { throw .badMagic }
        guard head[4] == Self.version else { throw .unknownVersion(head[4]) }
        guard let kind = FrameKind(rawValue: head[5]) else { throw .unknownKind(head[5]) }
        guard let named = Lane(rawValue: head[6]) else { throw .unknownLane(head[6]) }
        guard named == lane else { throw .wrongLane(head[6]) }
        self.init(
            kind: kind, lane: lane, flags: FrameFlags(rawValue: head[7]),
            session: Self.load(head, 8), sequence: Self.load(head, 16), correlation: Self.load(head, 24),
            timeoutMilliseconds: Self.load(head, 32), argument: Self.load(head, 40),
            trace: TraceID(
                high: Self.load(head, 48, as: UInt64.self).byteSwapped,
                low: Self.load(head, 56, as: UInt64.self).byteSwapped),
            key: IdempotencyKey(
                high: Self.load(head, 64, as: UInt64.self).byteSwapped,
                low: Self.load(head, 72, as: UInt64.self).byteSwapped),
            subjectLength: Self.load(head, 80), attachmentCount: Self.load(head, 82), bodyLength: Self.load(head, 84))
        try checkFields(limits)
        guard head.count == headLength else { throw .lengthMismatch(expected: headLength, actual: head.count) }
        guard isSubjectValid(in: head) else { throw .badSubject }
    }

    @inline(__always)
    private static func load<Word: FixedWidthInteger>(
        _ head: UnsafeRawBufferPointer, _ offset: Int, as type: Word.Type = Word.self
    ) -> Word {
        Word(littleEndian: head.loadUnaligned(fromByteOffset: offset, as: type))
    }

    /// Whether each field fits the kind and the limits. The subject's text is checked apart.
    func checkFields(_ limits: FrameLimits) throws(FrameDefect) {
        let lane = limits[lane]
        guard flags.isSubset(of: kind.allowedFlags) else { throw .unknownFlags(flags.rawValue) }
        guard kind.correlationRule.allows(correlation != 0) else { throw .misplaced(.correlation) }
        guard kind.questionRule.allows(timeoutMilliseconds != 0) else { throw .misplaced(.timeout) }
        guard timeoutMilliseconds <= Self.maximumTimeoutMilliseconds else {
            throw .timeoutTooLong(timeoutMilliseconds)
        }
        guard kind.argumentRule.allows(argument != 0) else { throw .misplaced(.argument) }
        guard argument <= Self.maximumArgument else { throw .argumentTooLarge(argument) }
        guard kind.questionRule.allows(key != nil) else { throw .misplaced(.key) }
        guard kind.subjectRule.allows(subjectLength != 0) else { throw .misplaced(.subject) }
        guard Int(subjectLength) <= FrameLimits.maximumSubjectBytes else {
            throw .subjectTooLong(Int(subjectLength))
        }
        guard kind.bodyRule.allows(bodyLength != 0) else { throw .misplaced(.body) }
        guard Int(bodyLength) <= lane.bodyBytes else { throw .bodyTooLarge(Int(bodyLength), limit: lane.bodyBytes) }
        guard kind.attachmentRule.allows(attachmentCount != 0) else { throw .misplaced(.attachments) }
        guard Int(attachmentCount) <= lane.attachments else {
            throw .tooManyAttachments(Int(attachmentCount), limit: lane.attachments)
        }
    }
}
