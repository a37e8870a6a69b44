/// The fields of a header that only some kinds of frame may set.
public enum FrameField: String, Sendable, CaseIterable {
    case correlation
    case timeout
    case argument
    case key
    case subject
    case body
    case attachments
}
