import Core
import Foundation
import Synchronization
import TestKit
import Testing

@testable import Telemetry

@Suite struct LogFileTests {
    private let directory: TemporaryDirectory
    private let path: String
    private let clock = ManualClock()

    init() throws {
        directory = try TemporaryDirectory("telemetry")
        path = directory.file("core.log")
    }

    private var file: LogFile { LogFile(path: path, interval: .seconds(1), clock: clock) }

    private func collect(_ lines: AsyncThrowingStream<String, any Error>) async throws -> [String] {
        var result: [String] = []
        for try await line in lines { result.append(line) }
        return result
    }

    private func write(_ text: String, to path: String? = nil) throws {
        let path = path ?? self.path
        if let handle = FileHandle(forWritingAtPath: path) {
            try handle.seekToEnd()
            try handle.write(contentsOf: Data(text.utf8))
            try handle.close()
        } else {
            try Data(text.utf8).write(to: URL(fileURLWithPath: path))
        }
    }

    @Test func aLogThatIsNotThereHasNoLines() async throws {
        #expect(try await collect(file.lines()) == [])
        #expect(try await collect(file.lines(tail: 5, job: "x")) == [])
    }

    @Test func anUnreadableLogIsAnError() async throws {
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false)
        await #expect(throws: TelemetryError.self) { try await collect(file.lines()) }
    }

    @Test func agreesWithASimpleReader() async throws {
        var generator = SeededGenerator()
        var lines: [String] = []
        for number in (0...3).reversed() {
            var text = ""
            for _ in 0..<Int.random(in: 0...60, using: &generator) {
                let job = ["a", "b", "ab"].randomElement(using: &generator) ?? "a"
                // Some lines are longer than a block.
                let length = Int.random(in: 0...9, using: &generator) == 0 ? 100_000 : 20
                let filler = String(repeating: "é", count: Int.random(in: 0...length, using: &generator))
                lines.append("{\"message\":\"\(lines.count) \\\"job\\\":\\\"a\\\" \(filler)\",\"job\":\"\(job)\"}")
                text += (lines.last ?? "") + "\n"
            }
            try write(text, to: number == 0 ? path : "\(path).\(number)")
        }
        for job in [nil, "a", "none"] {
            let wanted = lines.filter { line in job.map { line.contains(",\"job\":\"\($0)\"") } ?? true }
            #expect(try await collect(file.lines(job: job)) == wanted)
            for tail in [0, 1, 2, 7, wanted.count, wanted.count + 1, 10_000] {
                #expect(try await collect(file.lines(tail: tail, job: job)) == Array(wanted.suffix(tail)))
            }
        }
    }

    @Test func anUnfinishedLineWaits() async throws {
        try write("one\ntwo\nthr")
        #expect(try await collect(file.lines()) == ["one", "two"])
        #expect(try await collect(file.lines(tail: 1)) == ["two"])
    }

    @Test func endsAtWhatWasThereWhenItBegan() async throws {
        try write("one\ntwo\n")
        var seen: [String] = []
        for try await line in file.lines() {
            seen.append(line)
            try write("caused by reading\n")
        }
        #expect(seen == ["one", "two"])
    }

    /// Follows with a consumer that reports each line, so that the test knows when to go on.
    @Test func followsThroughRotations() async throws {
        try write("0\n1\n")
        let received = Mutex<[String]>([])
        let (lines, heard) = AsyncStream.makeStream(of: String.self)
        let task = Task { [file] in
            for try await line in file.lines(tail: 1, follow: true) { heard.yield(line) }
            heard.finish()
        }
        var iterator = lines.makeAsyncIterator()
        func expect(_ line: String) async {
            let next = await iterator.next()
            #expect(next == line)
            if let next { received.withLock { $0.append(next) } }
        }
        await expect("1")
        await clock.waitForSleepers()

        try write("2\n")
        clock.advance(by: .seconds(1))
        await expect("2")
        await clock.waitForSleepers()

        // Two rotations between two looks; the last lines of each file must not be lost.
        try write("3\n")
        try FileManager.default.moveItem(atPath: path, toPath: path + ".2")
        try write("4\n", to: path + ".1")
        try write("5\n")
        clock.advance(by: .seconds(1))
        for line in ["3", "4", "5"] { await expect(line) }
        await clock.waitForSleepers()

        // Rotated out of reach: what is left is read from its start.
        try FileManager.default.removeItem(atPath: path)
        try FileManager.default.removeItem(atPath: path + ".1")
        try FileManager.default.removeItem(atPath: path + ".2")
        try write("6\n", to: path + ".1")
        try write("7\n")
        clock.advance(by: .seconds(1))
        for line in ["6", "7"] { await expect(line) }
        await clock.waitForSleepers()

        task.cancel()
        try await task.value
        #expect(await iterator.next() == nil)
        #expect(received.withLock { $0 } == (1...7).map(String.init))
    }

    @Test func followsALogThatIsYetToBeWritten() async throws {
        let first = Task { [file] in
            for try await line in file.lines(follow: true) { return Optional(line) }
            return nil
        }
        await clock.waitForSleepers()
        try write("hello\n")
        clock.advance(by: .seconds(1))
        #expect(try await first.value == "hello")
    }
}
