import Foundation
import Glibc

extension Child {
    /// Where one of a child's standard streams leads.
    enum Stream {
        case inherited
        /// `/dev/null`.
        case nothing
        /// The end of a file, which is made when it is not there.
        case file(String)
        case descriptor(Int32)
    }

    /// Starts `command`, whose first word is a path or is looked up in `PATH`.
    /// - Parameter environment: variables to set besides those of the tests.
    /// - Throws: `ChildProcess.DidNotStart`.
    static func spawn(
        _ command: [String], environment: [String: String] = [:], input: Stream, output: Stream, error: Stream
    ) throws -> Child {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        for (number, stream) in [(0, input), (1, output), (2, error)] as [(Int32, Stream)] {
            switch stream {
            case .inherited: break
            case .nothing: posix_spawn_file_actions_addopen(&actions, number, "/dev/null", O_RDWR, 0)
            case .file(let path):
                posix_spawn_file_actions_addopen(&actions, number, path, O_WRONLY | O_CREAT | O_APPEND, 0o600)
            case .descriptor(let descriptor): posix_spawn_file_actions_adddup2(&actions, descriptor, number)
            }
        }
        // The tests' own files are none of the child's business: a pipe's end that it kept would never end.
        for name in try FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd") {
            if let descriptor = Int32(name), descriptor > 2 {
                posix_spawn_file_actions_addclose(&actions, descriptor)
            }
        }
        let variables = ProcessInfo.processInfo.environment.merging(environment) { $1 }
        var identifier = pid_t()
        let status = withPointers(command) { arguments in
            withPointers(variables.map { "\($0.key)=\($0.value)" }) { variables in
                posix_spawnp(&identifier, command.first ?? "", &actions, nil, arguments, variables)
            }
        }
        guard status == 0 else {
            throw ChildProcess.DidNotStart(
                description: "cannot start \(command): \(String(cString: strerror(status)))")
        }
        return Child(identifier)
    }

    /// Lends `texts` as a C array that ends with a null pointer.
    private static func withPointers<Result>(
        _ texts: [String], _ body: ([UnsafeMutablePointer<CChar>?]) -> Result
    ) -> Result {
        let copies = texts.map { strdup($0) }
        defer { for copy in copies { free(copy) } }
        return body(copies + [nil])
    }
}
