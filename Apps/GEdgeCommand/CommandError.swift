import Core

/// Why a command did not succeed, in words for the person who typed it.
struct CommandError: ModuleError {
    let code: String
    let message: String
    let cause: (any Error)?
    /// What the person does next, as a sentence of its own.
    let remedy: String?
    var isRetriable: Bool { code == "unreachable" }

    init(_ code: String, _ message: String, cause: (any Error)? = nil, remedy: String? = nil) {
        self.remedy = remedy
        self.code = code
        self.message = message
        self.cause = cause
    }

    static func usage(_ message: String) -> CommandError { CommandError("usage", message) }
    static func failed(_ message: String) -> CommandError { CommandError("failed", message) }
    static func notFound(_ message: String) -> CommandError { CommandError("not-found", message) }
    static func timedOut(_ message: String) -> CommandError { CommandError("deadline-exceeded", message) }
}

extension ExitCode {
    /// The exit code that tells a script about `error`.
    init(_ error: any Error) {
        self.init(code: (error as? any ModuleError)?.code ?? "internal")
    }

    /// The exit code that goes with the `code` of a `ModuleError`, whichever process it was thrown in.
    init(code: String) {
        self =
            switch code {
            case "usage": .usage
            case "not-found", "missing": .notFound
            case "unreachable": .unreachable
            case "deadline-exceeded": .timedOut
            default: .failed
            }
    }
}
