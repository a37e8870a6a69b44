public import Core

/// Why a numeric operation was refused.
public struct TensorError: ModuleError, Hashable {
    /// What kind of refusal; the raw value is the error's stable code.
    public enum Kind: String, Sendable {
        /// A shape with a negative extent, no extents where some are needed, or more elements than memory can hold.
        case invalidShape = "invalid-shape"
        /// Operands whose shapes do not fit together.
        case shapeMismatch = "shape-mismatch"
        /// An index or a class outside its range.
        case outOfRange = "out-of-range"
        /// OpenBLAS is not installed, or not one this program can use.
        case unavailable = "blas-unavailable"
    }

    public let kind: Kind
    public let message: String
    public var code: String { kind.rawValue }
    public var cause: (any Error)? { nil }
    public var isRetriable: Bool { false }

    public init(_ kind: Kind, _ message: String) {
        self.kind = kind
        self.message = message
    }
}
