public import Core

/// Who is at the other end of a connection. On `tcp` it is derived from the peer's CURVE key, never from its word.
public struct PeerID: Hashable, Sendable, Codable, Comparable, CustomStringConvertible {
    public let text: String

    public init(_ text: String) { self.text = text }
    public init(_ name: Name) { text = name.text }

    /// The process itself: the caller of a local call.
    public static let local = PeerID("local")
    /// The core cloud, as its edges see it.
    public static let core = PeerID("core")

    /// A command line on the core's own machine.
    public static let `operator` = PeerID("operator")

    /// Whether no edge may have this name.
    public var isReserved: Bool { self == .local || self == .core || self == .operator }

    public init(from decoder: any Decoder) throws {
        text = try decoder.singleValueContainer().decode(String.self)
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(text)
    }

    public var description: String { text }
    public static func < (left: PeerID, right: PeerID) -> Bool { left.text < right.text }
}
