public import Core

/// A document that cannot be read or does not say what its reader expects.
public struct YAMLError: ModuleError, Hashable {
    /// One of `syntax`, `unsupported`, `duplicate-field`, `unknown-field`, `missing-field`, `invalid-value`, `too-large`,
    /// `empty`, `many-documents`, `unreadable`.
    public let code: String
    /// What is wrong, starting with where, such as `job.yaml:7:3: unknown field 'round' in spec; did you mean 'rounds'?`.
    public let message: String
    public let location: SourceLocation?
    public var cause: (any Error)? { nil }
    public var isRetriable: Bool { false }

    /// - Parameter problem: the message without its place.
    init(code: String, at location: SourceLocation, _ problem: String) {
        self.code = code
        self.location = location
        message = "\(location): \(problem)"
    }

    init(_ error: ConfigurationError) {
        code = error.code
        message = error.message
        location = error.location
    }
}
