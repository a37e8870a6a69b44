/// Single-bit remarks on a frame. A bit that is not named here, or that the frame's kind does not know, is refused.
public struct FrameFlags: OptionSet, Sendable, Hashable {
    public let rawValue: UInt8

    public init(rawValue: UInt8) { self.rawValue = rawValue }

    /// On `streamEnd` and `goodbye`: this is the answer to the same kind of frame.
    public static let acknowledgement = FrameFlags(rawValue: 1)
    /// On `request` and `streamOpen`: the same question was sent before under the same idempotency key.
    public static let retry = FrameFlags(rawValue: 2)
}
