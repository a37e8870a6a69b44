public import Core

/// Why a data file or a request about data was refused. The message names the file, the place in it, and what to do.
public struct DatasetError: ModuleError {
    /// What kind of refusal; the raw value is the error's stable code.
    public enum Kind: String, Sendable {
        /// The file cannot be opened or read.
        case unreadable = "data-unreadable"
        /// The file is not what its format promises: truncated, malformed, ragged.
        case malformed = "data-malformed"
        /// A value that no training can use: NaN, infinity, or text where a number belongs.
        case invalidValue = "data-invalid-value"
        /// A label that is no whole number, or outside the classes.
        case invalidLabel = "data-invalid-label"
        /// A feature of the format this program does not read.
        case unsupported = "data-unsupported"
        /// More data than the limits allow.
        case tooLarge = "data-too-large"
        /// Settings that contradict each other or the data.
        case invalidSettings = "data-invalid-settings"
        /// A file cannot be written.
        case unwritable = "data-unwritable"
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
