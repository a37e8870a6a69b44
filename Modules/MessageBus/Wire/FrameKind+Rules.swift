/// Whether a field must, may or must not be set in frames of one kind.
enum FieldRule: Sendable {
    case required
    case optional
    case forbidden

    @inline(__always)
    func allows(_ isSet: Bool) -> Bool {
        switch self {
        case .required: isSet
        case .optional: true
        case .forbidden: !isSet
        }
    }
}

/// What each kind of frame may say. `docs/wire-format.md` prints this table.
extension FrameKind {
    var subjectRule: FieldRule {
        switch self {
        case .request, .event, .streamOpen: .required
        default: .forbidden
        }
    }

    var correlationRule: FieldRule {
        switch self {
        case .request, .reply, .streamOpen, .streamItem, .streamCredit, .streamEnd, .cancel: .required
        case .failure: .optional
        case .event, .hello, .welcome, .heartbeat, .goodbye: .forbidden
        }
    }

    var bodyRule: FieldRule {
        switch self {
        case .request, .reply, .failure, .event, .streamOpen, .streamItem, .hello, .welcome, .goodbye: .required
        case .streamCredit, .streamEnd, .cancel, .heartbeat: .forbidden
        }
    }

    var argumentRule: FieldRule {
        switch self {
        case .streamCredit: .required
        case .streamOpen, .streamItem, .streamEnd, .heartbeat: .optional
        case .request, .reply, .failure, .event, .cancel, .hello, .welcome, .goodbye: .forbidden
        }
    }

    var attachmentRule: FieldRule {
        switch self {
        case .request, .reply, .event, .streamOpen, .streamItem: .optional
        default: .forbidden
        }
    }

    /// Timeout and idempotency key belong to questions only.
    var questionRule: FieldRule {
        switch self {
        case .request, .streamOpen: .optional
        default: .forbidden
        }
    }

    var allowedFlags: FrameFlags {
        switch self {
        case .request, .streamOpen: .retry
        case .streamEnd, .goodbye: .acknowledgement
        default: []
        }
    }
}
