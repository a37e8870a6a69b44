import Core
import Foundation
import TestKit
import Testing

@testable import Telemetry

@Suite struct TerminalSinkTests {
    private func record(_ message: String, _ metadata: [String: String] = [:], error: Failure? = nil) -> LogRecord {
        LogRecord(
            time: ManualWallClock().now(), level: .warning, label: "bus", message: message, metadata: metadata,
            error: error)
    }

    @Test func oneLineForAPerson() {
        let text = TerminalSink.line(
            record("lease lost", ["edge": "a"], error: Failure(code: "unreachable", message: "no answer")),
            usesColor: false)
        #expect(text == "23:59:59.999Z WARN   bus: lease lost edge=a error=unreachable: no answer\n")
    }

    @Test func coloursOnRequest() {
        let text = TerminalSink.line(record("x"), usesColor: true)
        #expect(text == "\u{1B}[2m23:59:59.999Z\u{1B}[0m \u{1B}[33mWARN  \u{1B}[0m bus: x\n")
    }

    @Test func peersCannotDriveTheTerminal() {
        let text = TerminalSink.line(
            record(
                "\u{1B}]0;owned\u{07}\r\u{9B}2J", ["k\u{1B}": "\u{8}"], error: Failure(code: "c", message: "\u{1B}[2J")),
            usesColor: false)
        let controls = text.unicodeScalars.filter { $0.value < 0x20 || (0x7F...0x9F).contains($0.value) }
        #expect(Array(controls) == ["\n"])
        #expect(text.contains("\\u{1b}]0;owned\\u{7}\\u{d}\\u{9b}2J"))
    }

    @Test func furtherLinesAreIndented() {
        #expect(TerminalSink.line(record("a\nb"), usesColor: false) == "23:59:59.999Z WARN   bus: a\n    b\n")
    }

    @Test func writesToItsFile() throws {
        let directory = try TemporaryDirectory("telemetry")
        let path = directory.file("terminal")
        try Data().write(to: URL(fileURLWithPath: path))
        let handle = try #require(FileHandle(forWritingAtPath: path))
        let sink = TerminalSink(file: handle.fileDescriptor)
        sink.write(record("a"))
        sink.write(record("b"))
        try handle.close()
        // A file is no terminal, so there are no colours.
        #expect(
            try String(contentsOfFile: path, encoding: .utf8)
                == "23:59:59.999Z WARN   bus: a\n23:59:59.999Z WARN   bus: b\n")
    }
}
