import DaemonKit
import FoundationEssentials
import Glibc
import MessageBus

/// Where a join token comes from: the command line, a file, or standard input.
enum JoinTokenSource {
    /// - Parameter argument: the token itself, `@FILE`, `-` for standard input, or `nil` for none.
    static func read(_ argument: String?) throws -> JoinToken? {
        guard let argument else { return nil }
        if argument == "-" {
            return try JoinToken(parsing: readLine() ?? "")
        }
        guard argument.hasPrefix("@") else {
            ProcessArguments.hide(argument)
            return try JoinToken(parsing: argument)
        }
        let path = String(argument.dropFirst())
        do {
            return try JoinToken(parsing: String(contentsOfFile: path, encoding: .utf8))
        } catch let error as SecurityError {
            throw DaemonError("invalid-token", "\(path): \(error.message)")
        } catch {
            let reason = access(path, R_OK) == 0 ? "it is no text in UTF-8" : String(cString: strerror(errno))
            throw DaemonError("io", "the token file \(path) cannot be read: \(reason)")
        }
    }
}
