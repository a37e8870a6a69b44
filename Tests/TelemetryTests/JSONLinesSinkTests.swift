import Core
import Foundation
import Synchronization
import TestKit
import Testing

@testable import Telemetry

@Suite struct JSONLinesSinkTests {
    private final class Complaints: ComplaintOutput {
        let texts = Mutex<[String]>([])
        func say(_ text: String) { texts.withLock { $0.append(text) } }
    }

    private let directory: TemporaryDirectory
    private let path: String
    private let complaints = Complaints()
    private let clock = ManualWallClock()

    init() throws {
        directory = try TemporaryDirectory("telemetry")
        path = directory.file("core.log")
    }

    private func sink(_ path: String? = nil, maximumBytes: Int = 1 << 20, keptFiles: Int = 3) throws -> JSONLinesSink {
        try JSONLinesSink(
            path: path ?? self.path, maximumBytes: maximumBytes, keptFiles: keptFiles, clock: clock,
            complaints: complaints)
    }

    private func record(_ message: String, _ metadata: [String: String] = [:], error: Failure? = nil) -> LogRecord {
        LogRecord(
            time: clock.now(), level: .info, label: "bus", message: message, metadata: metadata, error: error)
    }

    private func text(_ path: String) throws -> String { try String(contentsOfFile: path, encoding: .utf8) }

    @Test func oneLineOfJSONPerRecord() throws {
        let sink = try sink()
        sink.write(record("joined", ["job": "digits", "edge": "a"]))
        sink.write(record("lost", error: Failure(code: "unreachable", message: "no answer")))
        #expect(
            try text(path) == """
                {"time":"2024-02-29T23:59:59.999Z","level":"info","label":"bus","message":"joined","edge":"a","job":"digits"}
                {"time":"2024-02-29T23:59:59.999Z","level":"info","label":"bus","message":"lost","error":{"code":"unreachable","message":"no answer"}}

                """)
    }

    @Test func anyTextIsEscaped() throws {
        struct Line: Codable { var message: String }
        var generator = SeededGenerator()
        let alphabet: [Unicode.Scalar] =
            (0...0x21).compactMap { Unicode.Scalar($0 as UInt32) } + [
                "\"", "\\", "/", "é", "\u{7F}", "\u{85}", "\u{2028}", "😀",
            ]
        for _ in 0..<300 {
            var message = ""
            for _ in 0..<Int.random(in: 0..<30, using: &generator) {
                if let scalar = alphabet.randomElement(using: &generator) { message.unicodeScalars.append(scalar) }
            }
            let line = JSONLine.bytes(record(message))
            #expect(line.filter { $0 == UInt8(ascii: "\n") }.count == 1)
            let back = try JSONDecoder().decode(Line.self, from: Data(line)).message
            #expect(Array(back.unicodeScalars) == Array(message.unicodeScalars))
        }
    }

    @Test func aHugeTextIsCut() {
        let line = JSONLine.bytes(record(String(repeating: "é", count: 1 << 20)))
        #expect(line.count < 20_000)
        #expect(String(decoding: line, as: UTF8.self).contains("more bytes)\"}"))
    }

    @Test func onlyTheOwnerReadsIt() throws {
        try Data().write(to: URL(fileURLWithPath: path))
        try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: path)
        _ = try sink()
        let mode = try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
        #expect(mode == 0o600)
    }

    @Test func anUnfinishedLineIsEnded() throws {
        try Data("{\"time\":\"20".utf8).write(to: URL(fileURLWithPath: path))
        try sink().write(record("x"))
        let lines = try text(path).split(separator: "\n")
        #expect(lines.count == 2)
        #expect(lines[1].hasPrefix("{\"time\":\"2024"))
    }

    @Test func rotatesBySizeAndKeepsSoManyFiles() throws {
        let size = JSONLine.bytes(record("000")).count
        let sink = try sink(maximumBytes: size * 2, keptFiles: 2)
        for number in 0..<9 { sink.write(record("00\(number)")) }
        func messages(_ path: String) throws -> [String] {
            try text(path).split(separator: "\n").map { String($0.suffix(5).prefix(3)) }
        }
        #expect(try messages(path) == ["008"])
        #expect(try messages(path + ".1") == ["006", "007"])
        #expect(try messages(path + ".2") == ["004", "005"])
        #expect(!FileManager.default.fileExists(atPath: path + ".3"))
    }

    @Test func aRemovedFileIsMadeAgain() throws {
        let sink = try sink()
        sink.write(record("a"))
        try FileManager.default.removeItem(atPath: path)
        sink.write(record("b"))
        #expect(try text(path).contains("\"b\""))
    }

    @Test func aDirectoryThatIsNotThereIsRefused() {
        let error = #expect(throws: TelemetryError.self) { try sink(directory.file("none/core.log")) }
        #expect(error?.code == "unwritable-log")
        #expect(error?.message.contains("No such file or directory") == true)
    }

    @Test func lostRecordsAreCountedAndTold() throws {
        let inner = directory.file("logs")
        let path = inner + "/core.log"
        try FileManager.default.createDirectory(atPath: inner, withIntermediateDirectories: false)
        let sink = try sink(path)
        sink.write(record("a"))
        // Neither the file nor its directory can be made again until the obstacle is gone.
        try FileManager.default.removeItem(atPath: inner)
        try Data().write(to: URL(fileURLWithPath: inner))
        for _ in 0..<5 { sink.write(record("lost")) }
        #expect(sink.droppedRecords == 5)
        #expect(complaints.texts.withLock { $0.count } == 1)
        try FileManager.default.removeItem(atPath: inner)
        try FileManager.default.createDirectory(atPath: inner, withIntermediateDirectories: false)
        sink.write(record("b"))
        sink.write(record("c"))
        let lines = try text(path).split(separator: "\n")
        #expect(lines.count == 3)
        #expect(lines[0].contains("5 log records were lost"))
        #expect(sink.droppedRecords == 5)
        #expect(complaints.texts.withLock { $0.count } == 2)
    }

    @Test(.enabled(if: SmallDisk.isAvailable, "needs the right to mount a small file system"))
    func survivesAFullDisk() throws {
        let disk = try SmallDisk(bytes: 256 << 10)
        let path = disk.path + "/core.log"
        let sink = try sink(path, maximumBytes: 64 << 20)
        let message = String(repeating: "x", count: 4000)
        for _ in 0..<200 { sink.write(record(message)) }
        #expect(sink.droppedRecords > 0)
        #expect(complaints.texts.withLock { $0.count } == 1)
        for line in try text(path).split(separator: "\n") { #expect(line.hasSuffix("\"}")) }
        // Room again: everything is rotated away by hand.
        try FileManager.default.removeItem(atPath: path)
        sink.write(record("after"))
        #expect(try text(path).contains("log records were lost"))
        #expect(try text(path).contains("\"after\""))
    }

    @Test func manyThreadsLoseNothingThroughRotations() async throws {
        let sink = try sink(maximumBytes: 20_000, keptFiles: 100)
        await withTaskGroup(of: Void.self) { group in
            for task in 0..<8 {
                group.addTask { for step in 0..<250 { sink.write(record("m\(task)-\(step)")) } }
            }
        }
        var seen: [String] = []
        for try await line in LogFile(path: path).lines() {
            seen.append(try JSONDecoder().decode([String: String].self, from: Data(line.utf8))["message"] ?? "")
        }
        #expect(seen.count == 2000)
        #expect(Set(seen).count == 2000)
        // Each thread's own records stay in order.
        for task in 0..<8 {
            #expect(seen.filter { $0.hasPrefix("m\(task)-") } == (0..<250).map { "m\(task)-\($0)" })
        }
    }
}
