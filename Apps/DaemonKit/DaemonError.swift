public import Core

/// What keeps a daemon from starting or stops it.
public struct DaemonError: ModuleError {
    public let code: String
    public let message: String
    public let cause: (any Error)?
    public var isRetriable: Bool { false }

    public init(_ code: String, _ message: String, cause: (any Error)? = nil) {
        self.code = code
        self.message = message
        self.cause = cause
    }
}
