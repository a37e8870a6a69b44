import Foundation
import Testing

@testable import MessageBus

/// What the documents say about the bus, held against what it does.
@Suite("Documents of the bus")
struct DocumentationTests {
    private static let here = URL(fileURLWithPath: #filePath).deletingLastPathComponent()

    private func page(_ name: String) throws -> String {
        let docs = Self.here.deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
            .appendingPathComponent("docs")
        return try String(contentsOf: docs.appendingPathComponent(name), encoding: .utf8)
    }

    private func source(_ name: String) throws -> String {
        try String(contentsOf: Self.here.appendingPathComponent(name), encoding: .utf8)
    }

    /// The blocks of `page` between fences of `language`.
    private func blocks(_ page: String, _ language: String) -> [String] {
        var blocks: [String] = []
        var current: [Substring]?
        for line in page.split(separator: "\n", omittingEmptySubsequences: false) {
            if let lines = current {
                if line == "```" {
                    blocks.append(lines.joined(separator: "\n"))
                    current = nil
                } else {
                    current = lines + [line]
                }
            } else if line == "```\(language)" {
                current = []
            }
        }
        return blocks
    }

    @Test("the page on adding a message shows code that compiles and runs: here")
    func addingAMessage() throws {
        let blocks = blocks(try page("adding-a-message.md"), "swift")
        #expect(try source("Census.swift").contains(try #require(blocks.first)))
        let test = try #require(blocks.last).split(separator: "\n", omittingEmptySubsequences: false)
        let indented = test.map { $0.isEmpty ? "" : "    \($0)" }.joined(separator: "\n")
        #expect(try source("AddingAMessageTests.swift").contains(indented))
    }

    @Test("the table of kinds is the table the decoder goes by")
    func kinds() throws {
        let page = try page("wire-format.md")
        func mark(_ rule: FieldRule) -> String {
            switch rule {
            case .required: "✓"
            case .optional: "○"
            case .forbidden: ""
            }
        }
        for kind in FrameKind.allCases {
            let flags = [(FrameFlags.retry, "retry"), (.acknowledgement, "acknowledgement")]
                .filter { kind.allowedFlags.contains($0.0) }.map(\.1).joined(separator: ", ")
            let cells =
                ["`\(kind)`", "\(kind.rawValue)"]
                + [kind.subjectRule, kind.correlationRule, kind.questionRule, kind.argumentRule, kind.bodyRule]
                .map(mark) + [mark(kind.attachmentRule), flags]
            let row = "|" + cells.map { $0.isEmpty ? " |" : " \($0) |" }.joined()
            #expect(page.contains(row + "\n"), "\(row)")
        }
    }

    @Test("the examples in hexadecimal are golden vectors, and the limits and words are the code's")
    func examples() throws {
        let page = try page("wire-format.md")
        let vectors = try GoldenVectors.load()
        let examples = blocks(page, "").map { $0.filter { !$0.isWhitespace } }.filter { bytes(hexadecimal: $0) != nil }
        #expect(examples.count == 2)
        for example in examples { #expect(vectors.valid.contains { $0.parts == [example] }) }
        for defect in Set(vectors.invalid.map(\.defect)) { #expect(page.contains("`\(defect)`"), "\(defect)") }

        let limits = FrameLimits()
        func mebibytes(_ bytes: Int) -> String { "\(bytes >> 20) MiB" }
        for (name, lane) in [("`control`", limits.control), ("`model`, `bulk`", limits.bulk)] {
            let row = [
                name, mebibytes(lane.bodyBytes), "\(lane.attachments)", mebibytes(lane.attachmentBytes),
                mebibytes(lane.totalAttachmentBytes),
            ].joined(separator: " | ")
            #expect(page.contains("| \(row) |"), "\(row)")
        }
        #expect(limits.model == limits.bulk)
    }
}
