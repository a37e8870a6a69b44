import Foundation

/// A program that a test runs beside itself.
///
/// Its output goes to files, so that it never waits for a reader, and the child is killed when this is released before it
/// has ended.
public final class ChildProcess: Sendable {
    /// What a finished program left behind.
    public struct Output: Sendable {
        /// The exit status; for a program that a signal ended, the signal's number plus 128.
        public let status: Int32
        public let standardOutput: String
        public let standardError: String
    }

    private let process: Process
    private let directory: TemporaryDirectory
    private let ended: AsyncStream<Void>

    /// Starts `command`, whose first word is a path or is looked up in `PATH`.
    public init(_ command: [String], environment: [String: String] = [:]) throws {
        directory = try TemporaryDirectory("gedge-child")
        process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = command
        process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = try Self.sink(directory.file("stdout"))
        process.standardError = try Self.sink(directory.file("stderr"))
        let (stream, continuation) = AsyncStream<Void>.makeStream()
        ended = stream
        process.terminationHandler = { _ in continuation.finish() }
        try process.run()
    }

    deinit { if process.isRunning { kill(process.processIdentifier, SIGKILL) } }

    public var identifier: Int32 { process.processIdentifier }

    public var isRunning: Bool { process.isRunning }

    public func signal(_ number: Int32) { kill(process.processIdentifier, number) }

    /// What the program has written so far.
    public var standardOutput: String { contents("stdout") }

    public var standardError: String { contents("stderr") }

    /// Waits for the program's end; for one caller. When the waiting task is cancelled, the program is killed.
    public func end() async -> Output {
        await withTaskCancellationHandler {
            for await _ in ended {}
        } onCancel: {
            kill(process.processIdentifier, SIGKILL)
        }
        // The stream ends early only when the task was cancelled.
        process.waitUntilExit()
        let isSignal = process.terminationReason == .uncaughtSignal
        return Output(
            status: isSignal ? 128 + process.terminationStatus : process.terminationStatus,
            standardOutput: standardOutput, standardError: standardError)
    }

    /// Runs `command` to its end.
    public static func run(_ command: [String], environment: [String: String] = [:]) async throws -> Output {
        try await ChildProcess(command, environment: environment).end()
    }

    /// Runs `command` to its end and blocks the calling thread meanwhile; for conditions of tests.
    public static func runToEnd(_ command: [String]) throws -> Output {
        let child = try ChildProcess(command)
        child.process.waitUntilExit()
        return Output(
            status: child.process.terminationStatus, standardOutput: child.standardOutput,
            standardError: child.standardError)
    }

    private static func sink(_ path: String) throws -> FileHandle {
        try Data().write(to: URL(fileURLWithPath: path))
        return try FileHandle(forWritingTo: URL(fileURLWithPath: path))
    }

    private func contents(_ name: String) -> String {
        // A file of ours that cannot be read any more has nothing to say.
        (try? String(contentsOf: URL(fileURLWithPath: directory.file(name)), encoding: .utf8)) ?? ""
    }
}
