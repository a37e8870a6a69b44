public import Core

/// Why a network refused to be built, loaded, trained or judged.
public struct NetworkError: ModuleError {
    /// What kind of refusal; the raw value is the error's stable code.
    public enum Kind: String, Sendable {
        /// Layers that make no network, or one too large for memory.
        case invalidArchitecture = "network-invalid-architecture"
        /// Parameters that are not this network's: missing, unknown, or of another shape.
        case parameterMismatch = "network-parameter-mismatch"
        /// Parameters or outputs that are NaN or infinite.
        case notFinite = "network-not-finite"
        /// Training went off to NaN or infinity.
        case diverged = "network-diverged"
        /// An optimiser's setting outside its range.
        case invalidSettings = "network-invalid-settings"
        /// oneDNN is not installed, or cannot do what the network needs.
        case unavailable = "network-unavailable"
        /// A file that cannot be opened or read.
        case unreadableFile = "network-unreadable-file"
        /// A file that is not what it says, or is damaged.
        case malformedFile = "network-malformed-file"
        /// A file that could not be written.
        case unwritableFile = "network-unwritable-file"
        /// Data that does not fit the network.
        case unsuitableData = "network-unsuitable-data"
    }

    public let kind: Kind
    public let message: String
    public let cause: (any Error)?
    public var code: String { kind.rawValue }
    public var isRetriable: Bool { false }

    public init(_ kind: Kind, _ message: String, cause: (any Error)? = nil) {
        self.kind = kind
        self.message = message
        self.cause = cause
    }
}
