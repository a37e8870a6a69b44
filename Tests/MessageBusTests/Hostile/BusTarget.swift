import Contracts
import Foundation
import MessageBus
import TestKit
import Testing

/// The `bus-target` executable, running: a bus in a process of its own, so that its memory can be told from the tests'.
final class BusTarget: Sendable {
    let address: BusAddress
    let serverKey: PublicKey
    private let process: ChildProcess
    private let directory: TemporaryDirectory

    struct DidNotStart: Error { let output: String }

    init(admitting peers: [String: PublicKey]) async throws {
        directory = try TemporaryDirectory("gedge-target")
        let tests = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
        let executable = URL(fileURLWithPath: tests).deletingLastPathComponent().appendingPathComponent("bus-target")
            .path
        process = try ChildProcess(
            [executable, directory.file("core.key")] + peers.map { "\($0.key)=\($0.value)" })
        while !process.standardOutput.hasSuffix("\n") {
            guard process.isRunning else { throw DidNotStart(output: process.standardError) }
            try await Task.sleep(for: .milliseconds(10))
        }
        let words = process.standardOutput.split(whereSeparator: \.isWhitespace)
        address = try BusAddress(String(try #require(words.dropFirst().first)))
        serverKey = try #require(words.last.flatMap { PublicKey(z85: $0) })
    }

    var isRunning: Bool { process.isRunning }

    var standardError: String { process.standardError }

    /// Resident memory in MiB: now, and the most there ever was.
    func memory() throws -> (now: Int, peak: Int) {
        let status = try String(contentsOfFile: "/proc/\(process.identifier)/status", encoding: .utf8)
        func field(_ name: String) throws -> Int {
            let line = try #require(status.split(separator: "\n").first { $0.hasPrefix(name) })
            return try #require(Int(line.split(whereSeparator: { !$0.isNumber })[0])) / 1024
        }
        return (try field("VmRSS"), try field("VmHWM"))
    }
}
