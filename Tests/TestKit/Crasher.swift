import Core
import Foundation

/// An executable of `Tests/Support`, running, to be killed.
public final class Crasher: @unchecked Sendable {
    // @unchecked: `process` is used by the one test that owns this, `buffer` only on the reader's thread.
    private let process = Process()
    private let output = Pipe()
    private let input = Pipe()
    private let reader = ThreadExecutor(name: "crasher")
    private var buffer: [UInt8] = []

    /// - Parameter executable: its name; it lies beside the tests.
    public init(_ executable: String, _ arguments: String...) throws {
        let tests = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
        process.executableURL = URL(fileURLWithPath: tests).deletingLastPathComponent()
            .appendingPathComponent(executable)
        process.arguments = arguments
        process.standardOutput = output
        process.standardInput = input
        try process.run()
    }

    /// The next line it prints, or `nil` when it has ended.
    public func line() async throws -> String? {
        try await reader.run { self.nextLine() }
    }

    /// `kill -9`, and waits for its end.
    public func kill() {
        Glibc.kill(process.processIdentifier, SIGKILL)
        process.waitUntilExit()
    }

    /// Closes its standard input and waits for it.
    public func finish() -> Int32 {
        try? input.fileHandleForWriting.close()  // it may have ended already
        process.waitUntilExit()
        return process.terminationStatus
    }

    public var isRunning: Bool { process.isRunning }

    public var processIdentifier: Int32 { process.processIdentifier }

    private func nextLine() -> String? {
        while true {
            if let end = buffer.firstIndex(of: 0x0a) {
                defer { buffer.removeSubrange(...end) }
                return String(decoding: buffer[..<end], as: UTF8.self)
            }
            let bytes = output.fileHandleForReading.availableData
            if bytes.isEmpty { return nil }
            buffer += bytes
        }
    }
}
