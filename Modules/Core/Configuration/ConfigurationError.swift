/// Something wrong with what a person wrote: in a document, the environment or on the command line.
public struct ConfigurationError: ModuleError, Hashable {
    /// One of `unknown-field`, `missing-field`, `invalid-value`, `unknown-flag`, `missing-value`, `usage`.
    public let code: String
    /// What is wrong, starting with where, such as `job.yaml:7:3: unknown field 'round' in spec; did you mean 'rounds'?`.
    public let message: String
    /// Where, or `nil` when it concerns no single place.
    public let location: SourceLocation?
    public var cause: (any Error)? { nil }
    public var isRetriable: Bool { false }

    /// - Parameter problem: the message without its place.
    public init(code: String, at location: SourceLocation?, _ problem: String) {
        self.code = code
        self.location = location
        message = location.map { "\($0): \(problem)" } ?? problem
    }

    /// - Parameter message: the whole message, its places included.
    init(code: String, at location: SourceLocation?, message: String) {
        self.code = code
        self.location = location
        self.message = message
    }
}
