import Core
import Foundation
import Glibc

/// An executable of `Tests/Support`, running, to be killed.
public final class Crasher: @unchecked Sendable {
    // @unchecked: `output` and `buffer` are used on the reader's thread only, `input` by the one test that owns this.
    private let child: Child
    private let output: FileHandle
    private let input: FileHandle
    private let reader = ThreadExecutor(name: "crasher")
    private var buffer: [UInt8] = []

    /// - Parameter executable: its name; it lies beside the tests.
    public convenience init(_ executable: String, _ arguments: String...) throws {
        try self.init(executable, arguments)
    }

    public init(_ executable: String, _ arguments: [String]) throws {
        _ = Glibc.signal(SIGPIPE, SIG_IGN)  // for `tell`
        let tests = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
        let path = URL(fileURLWithPath: tests).deletingLastPathComponent().appendingPathComponent(executable).path
        let output = Pipe()
        let input = Pipe()
        // Children that other tests start at the same moment are not to keep these open.
        for pipe in [input, output] {
            _ = fcntl(pipe.fileHandleForReading.fileDescriptor, F_SETFD, FD_CLOEXEC)
            _ = fcntl(pipe.fileHandleForWriting.fileDescriptor, F_SETFD, FD_CLOEXEC)
        }
        child = try Child.spawn(
            [path] + arguments, input: .descriptor(input.fileHandleForReading.fileDescriptor),
            output: .descriptor(output.fileHandleForWriting.fileDescriptor), error: .inherited)
        // The child's ends are the child's alone, so that the end of either process is the end of the pipe.
        try input.fileHandleForReading.close()
        try output.fileHandleForWriting.close()
        self.output = output.fileHandleForReading
        self.input = input.fileHandleForWriting
    }

    deinit { child.signal(SIGKILL) }

    /// The next line it prints, or `nil` when it has ended.
    public func line() async throws -> String? {
        try await reader.run { self.nextLine() }
    }

    /// Writes a line to its standard input; nothing happens if it has ended.
    public func tell(_ line: String) {
        // A process that was killed does not read; whoever waits for its lines learns of it.
        try? input.write(contentsOf: Data("\(line)\n".utf8))
    }

    /// Sends it a signal, such as `SIGSTOP`.
    public func signal(_ number: Int32) { child.signal(number) }

    /// `kill -9`, and waits for its end.
    public func kill() {
        child.signal(SIGKILL)
        _ = child.waitForStatus()
    }

    /// Closes its standard input and waits for it.
    public func finish() -> Int32 {
        try? input.close()  // it may have ended already
        return child.waitForStatus()
    }

    public var isRunning: Bool { child.isRunning }

    public var processIdentifier: Int32 { child.identifier }

    private func nextLine() -> String? {
        while true {
            if let end = buffer.firstIndex(of: 0x0a) {
                defer { buffer.removeSubrange(...end) }
                return String(decoding: buffer[..<end], as: UTF8.self)
            }
            let bytes = output.availableData
            if bytes.isEmpty { return nil }
            buffer += bytes
        }
    }
}
