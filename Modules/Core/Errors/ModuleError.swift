/// The shape every module's error struct has: a stable word to match on, a sentence for a person, and what a caller
/// may do next.
///
/// Each module declares one struct that conforms (`BusError`, `StoreError`, …). `message` says what happened, to what,
/// and what to do about it; it never holds a secret.
public protocol ModuleError: Error, CustomStringConvertible, Sendable {
    /// A stable, kebab-case word such as `"deadline-exceeded"`; part of the public interface.
    var code: String { get }
    /// What happened, to what, and what to do.
    var message: String { get }
    /// The error underneath, if there was one.
    var cause: (any Error)? { get }
    /// Whether the same call may succeed later without anyone changing anything.
    var isRetriable: Bool { get }
}

extension ModuleError {
    public var description: String {
        if let cause { "\(message) [\(code)]: \(cause)" } else { "\(message) [\(code)]" }
    }
}

/// A failure as it crosses a process boundary: the words of a `ModuleError` without its cause chain.
public struct Failure: ModuleError, Codable, Hashable {
    public let code: String
    public let message: String
    public let isRetriable: Bool
    public var cause: (any Error)? { nil }

    public init(code: String, message: String, isRetriable: Bool = false) {
        self.code = code
        self.message = message
        self.isRetriable = isRetriable
    }

    /// The failure that tells another process about `error`.
    public init(_ error: any Error) {
        if let error = error as? any ModuleError {
            var message = error.message
            if let cause = error.cause { message += ": \(cause)" }
            self.init(code: error.code, message: message, isRetriable: error.isRetriable)
        } else if error is CancellationError {
            self.init(code: "cancelled", message: "the work was cancelled", isRetriable: true)
        } else {
            self.init(code: "internal", message: String(describing: error))
        }
    }

    private enum CodingKeys: String, CodingKey { case code, message, isRetriable }
}
