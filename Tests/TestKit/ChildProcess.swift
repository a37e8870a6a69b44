import Foundation
import Glibc

/// A program that a test runs beside itself.
///
/// Its output goes to files, so that it never waits for a reader, and the child is killed when this is released before it
/// has ended. Not Foundation's `Process`: that one waits with `select`, which fails once the tests have more than 1,024
/// files open, as they do when all of them run at once.
public final class ChildProcess: Sendable {
    /// What a finished program left behind.
    public struct Output: Sendable {
        /// The exit status; for a program that a signal ended, the signal's number plus 128.
        public let status: Int32
        public let standardOutput: String
        public let standardError: String
    }

    /// A program that could not be started.
    public struct DidNotStart: Error, CustomStringConvertible {
        public let description: String
    }

    private let child: Child
    private let directory: TemporaryDirectory

    /// Starts `command`, whose first word is a path or is looked up in `PATH`.
    /// - Parameter environment: variables to set besides those of the tests.
    public init(_ command: [String], environment: [String: String] = [:]) throws {
        directory = try TemporaryDirectory("gedge-child")
        child = try Child.spawn(
            command, environment: environment, input: .nothing, output: .file(directory.file("stdout")),
            error: .file(directory.file("stderr")))
    }

    deinit { child.signal(SIGKILL) }

    public var identifier: Int32 { child.identifier }

    public var isRunning: Bool { child.isRunning }

    /// Sends a signal; does nothing when the program has ended.
    public func signal(_ number: Int32) { child.signal(number) }

    /// What the program has written so far.
    public var standardOutput: String { contents("stdout") }

    public var standardError: String { contents("stderr") }

    /// Waits for the program's end. When the waiting task is cancelled, the program is killed.
    public func end() async -> Output {
        let status = await withTaskCancellationHandler {
            await child.status()
        } onCancel: {
            child.signal(SIGKILL)
        }
        return Output(status: status, standardOutput: standardOutput, standardError: standardError)
    }

    /// Runs `command` to its end.
    public static func run(_ command: [String], environment: [String: String] = [:]) async throws -> Output {
        try await ChildProcess(command, environment: environment).end()
    }

    /// Runs `command` to its end and blocks the calling thread meanwhile; for conditions of tests.
    public static func runToEnd(_ command: [String]) throws -> Output {
        let process = try ChildProcess(command)
        let status = process.child.waitForStatus()
        return Output(
            status: status, standardOutput: process.standardOutput, standardError: process.standardError)
    }

    private func contents(_ name: String) -> String {
        // A file of ours that cannot be read any more has nothing to say.
        (try? String(contentsOf: URL(fileURLWithPath: directory.file(name)), encoding: .utf8)) ?? ""
    }
}
