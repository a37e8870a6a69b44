public import Core

/// What is wrong with a frame that came from outside. The cases are the labels of the counter of refused frames.
public enum FrameDefect: ModuleError, Hashable {
    /// Shorter than a header.
    case truncated(bytes: Int)
    case badMagic
    case unknownVersion(UInt8)
    case unknownKind(UInt8)
    case unknownLane(UInt8)
    /// The header names another lane than the socket it came by.
    case wrongLane(UInt8)
    case unknownFlags(UInt8)
    /// A field that this kind of frame must have is empty, or one that it must not have is set.
    case misplaced(FrameField)
    case timeoutTooLong(UInt64)
    case argumentTooLarge(UInt64)
    case subjectTooLong(Int)
    case badSubject
    case bodyTooLarge(Int, limit: Int)
    /// The head is not header + subject + body.
    case lengthMismatch(expected: Int, actual: Int)
    case tooManyAttachments(Int, limit: Int)
    case attachmentCountMismatch(expected: Int, actual: Int)
    /// One attachment is larger than its lane allows.
    case attachmentTooLarge(Int, limit: Int)
    /// The attachments together are larger than the lane allows.
    case attachmentsTooLarge(Int, limit: Int)

    public var code: String { "malformed-frame" }

    public var message: String { "a frame was refused: \(reason)" }

    public var cause: (any Error)? { nil }

    public var isRetriable: Bool { false }

    private var reason: String {
        switch self {
        case .truncated(let bytes): "\(bytes) bytes are shorter than the header of \(FrameHeader.byteCount)"
        case .badMagic: "it does not start with 'GEDG'"
        case .unknownVersion(let version): "it speaks version \(version); this process speaks \(FrameHeader.version)"
        case .unknownKind(let kind): "kind \(kind) is unknown"
        case .unknownLane(let lane): "lane \(lane) is unknown"
        case .wrongLane(let lane): "it says lane \(lane) on the socket of another lane"
        case .unknownFlags(let flags): "flags \(flags) are unknown for its kind"
        case .misplaced(let field): "the field '\(field.rawValue)' does not fit its kind"
        case .timeoutTooLong(let value): "a timeout of \(value) ms exceeds \(FrameHeader.maximumTimeoutMilliseconds)"
        case .argumentTooLarge(let value): "the argument \(value) exceeds \(FrameHeader.maximumArgument)"
        case .subjectTooLong(let bytes): "a subject of \(bytes) bytes exceeds \(FrameLimits.maximumSubjectBytes)"
        case .badSubject: "the subject is not 'domain.verb' of ASCII letters, digits and '-'"
        case .bodyTooLarge(let bytes, let limit): "a body of \(bytes) bytes exceeds the lane's \(limit)"
        case .lengthMismatch(let expected, let actual): "the head has \(actual) bytes and announces \(expected)"
        case .tooManyAttachments(let count, let limit): "\(count) attachments exceed the lane's \(limit)"
        case .attachmentCountMismatch(let expected, let actual): "\(actual) attachments came, \(expected) announced"
        case .attachmentTooLarge(let bytes, let limit): "an attachment of \(bytes) bytes exceeds the lane's \(limit)"
        case .attachmentsTooLarge(let bytes, let limit): "attachments of \(bytes) bytes exceed the lane's \(limit)"
        }
    }

    /// The case's name in kebab case, without its numbers: the label under which it is counted.
    public var label: String {
        switch self {
        case .truncated: "truncated"
        case .badMagic: "bad-magic"
        case .unknownVersion: "unknown-version"
        case .unknownKind: "unknown-kind"
        case .unknownLane: "unknown-lane"
        case .wrongLane: "wrong-lane"
        case .unknownFlags: "unknown-flags"
        case .misplaced(let field): "misplaced-\(field.rawValue)"
        case .timeoutTooLong: "timeout-too-long"
        case .argumentTooLarge: "argument-too-large"
        case .subjectTooLong: "subject-too-long"
        case .badSubject: "bad-subject"
        case .bodyTooLarge: "body-too-large"
        case .lengthMismatch: "length-mismatch"
        case .tooManyAttachments: "too-many-attachments"
        case .attachmentCountMismatch: "attachment-count-mismatch"
        case .attachmentTooLarge: "attachment-too-large"
        case .attachmentsTooLarge: "attachments-too-large"
        }
    }
}
