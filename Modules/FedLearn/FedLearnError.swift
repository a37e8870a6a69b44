public import Core

/// What goes wrong in `FedLearn`.
public struct FedLearnError: ModuleError {
    public let code: String
    public let message: String
    public let cause: (any Error)?
    public let isRetriable: Bool

    init(_ code: String, _ message: String, cause: (any Error)? = nil, isRetriable: Bool = false) {
        self.code = code
        self.message = message
        self.cause = cause
        self.isRetriable = isRetriable
    }

    static func unknownJob(_ name: String) -> FedLearnError {
        FedLearnError("not-found", "there is no job '\(name)'; 'gedge get jobs' lists those that exist")
    }

    static func unknownModel(_ name: String) -> FedLearnError {
        FedLearnError("not-found", "there is no model '\(name)'; 'gedge get models' lists those that exist")
    }
}
