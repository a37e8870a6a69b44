public import Core
import Glibc

/// A log that cannot be opened or read.
public struct TelemetryError: ModuleError {
    /// One of `unwritable-log`, `unreadable-log`.
    public let code: String
    public let message: String
    public var cause: (any Error)? { nil }
    public var isRetriable: Bool { false }

    init(code: String, _ message: String) {
        self.code = code
        self.message = message
    }

    /// - Parameter number: the system's error number.
    static func unwritable(_ path: String, _ number: Int32) -> TelemetryError {
        TelemetryError(
            code: "unwritable-log",
            "cannot write the log \(path): \(SystemError.text(number)); check the directory and its permissions")
    }

    static func unreadable(_ path: String, _ number: Int32) -> TelemetryError {
        TelemetryError(code: "unreadable-log", "cannot read the log \(path): \(SystemError.text(number))")
    }
}

/// The system's words for its error numbers.
enum SystemError {
    static func text(_ number: Int32) -> String {
        var buffer = [CChar](repeating: 0, count: 256)
        guard strerror_r(number, &buffer, buffer.count) == 0 else { return "error \(number)" }
        return String(decoding: buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}
