/// How a client's update is made smaller on its way to the core.
public struct CompressionSpec: Codable, Sendable, Hashable {
    public enum Kind: String, Codable, Sendable, CaseIterable {
        /// Every bit.
        case none
        /// IEEE 754 binary16.
        case fp16
        /// The upper half of a binary32.
        case bfloat16
        /// One byte a value, with a scale for each block.
        case int8
        /// The largest changes only.
        case topK = "top-k"
        /// `none` or `int8`, by what the rounds take.
        case auto
    }

    public var kind: Kind
    /// Of `top-k`: the share of each tensor's values that are sent. Default 0.01.
    public var fraction: Double?

    public init(kind: Kind, fraction: Double? = nil) {
        self.kind = kind
        self.fraction = fraction
    }
}
