public import Contracts

/// How large a message may be, by lane. Frames beyond are refused before anything of them is copied or decoded.
public struct FrameLimits: Sendable, Hashable {
    /// The longest subject, in bytes of ASCII; the same for everyone.
    public static let maximumSubjectBytes = 128

    public var control: LaneLimits
    public var model: LaneLimits
    public var bulk: LaneLimits

    public init(
        control: LaneLimits = LaneLimits(bodyBytes: 4 << 20, attachments: 8, attachmentBytes: 1 << 20),
        model: LaneLimits = LaneLimits(bodyBytes: 4 << 20, attachments: 64, attachmentBytes: 16 << 20),
        bulk: LaneLimits = LaneLimits(bodyBytes: 4 << 20, attachments: 64, attachmentBytes: 16 << 20)
    ) {
        self.control = control
        self.model = model
        self.bulk = bulk
    }

    public subscript(lane: Lane) -> LaneLimits {
        switch lane {
        case .control: control
        case .model: model
        case .bulk: bulk
        }
    }
}
