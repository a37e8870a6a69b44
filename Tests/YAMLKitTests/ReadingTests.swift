import Core
import Foundation
import TestKit
import Testing

@testable import YAMLKit

@Suite struct ReadingTests {
    private func root(_ text: String) throws -> YAMLNode { try YAML.document(text, source: "f").root }

    @Test func documentsKeepTheirLinesAndTheirText() throws {
        let text = """
            # a comment before
            a: 1
            ---
            # inside
            b:
              c: 2
            ...
            ---
            --- # empty ones are left out
            - x
            """
        let documents = try YAML.documents(text, source: "f")
        #expect(documents.map(\.firstLine) == [2, 3, 9])
        #expect(documents[0].text == "a: 1\n")
        #expect(documents[1].text == "---\n# inside\nb:\n  c: 2\n...\n")
        #expect(documents[1].root["b"]?["c"]?.location.description == "f:6:6")
        // A document read again on its own has the same places.
        for document in documents {
            let again = try YAML.documents(document.text, source: "f", firstLine: document.firstLine)
            #expect(again.map(\.root) == [document.root])
        }
    }

    @Test func anIndentedFirstDocumentKeepsItsIndentation() throws {
        let documents = try YAML.documents("  a: 1\n  b: 2\n", source: "f")
        #expect(documents.map(\.text) == ["  a: 1\n  b: 2\n"])
    }

    @Test func emptyStreams() throws {
        for text in ["", "\n", "# only a comment\n", "---\n", "---\n---\nnull\n", "\u{FEFF}"] {
            #expect(try YAML.documents(text, source: "f").isEmpty)
            #expect(throws: YAMLError.self) { try YAML.document(text, source: "f") }
        }
    }

    @Test func oneDocumentIsExpected() {
        let error = #expect(throws: YAMLError.self) { try YAML.document("a: 1\n---\nb: 2\n", source: "f") }
        #expect(error?.code == "many-documents")
        #expect(
            error?.message == "f:3:1: a second document starts here; only one is expected"
                || error?.message == "f:4:1: a second document starts here; only one is expected"
                || error?.location?.line == 3)
    }

    @Test func byteOrderMarksAndLineEndingsDoNotShiftPlaces() throws {
        #expect(try root("\u{FEFF}a: 1\r\nb: é x\r\n")["b"]?.location.description == "f:2:4")
        #expect(try root("\u{FEFF}{\"a\": 1,\r\n\"b\": \"é\"}")["b"]?.location.description == "f:2:6")
    }

    @Test func columnsCountCharacters() throws {
        #expect(try root("{é: 1, b: 2}")["b"]?.location.description == "f:1:11")
        #expect(try root("{\"é\": 1, \"b\": 2}")["b"]?.location.description == "f:1:15")
    }

    @Test func aliasesAreExpanded() throws {
        #expect(
            try YAML.decode([String: [Int]].self, from: "a: &x [1, 2]\nb: *x\n", source: "f") == [
                "a": [1, 2], "b": [1, 2],
            ])
    }

    @Test func standardTagsAreUnderstood() throws {
        let text = "a: !!str 12\nb: !!int 7\nc: !!float 1\nd: ! 5\ne: !!seq [x]\nf: !!map {}\n"
        let node = try root(text)
        #expect(node["a"]?.content == .scalar(SourceScalar("12", style: .quoted)))
        #expect(node["b"]?.content == .scalar(SourceScalar("7", style: .plain)))
        #expect(node["d"]?.content == .scalar(SourceScalar("5", style: .quoted)))
    }

    @Test(arguments: [
        ("a: [1, 2\nb: 3\n", "f:2:2: "), ("a: b: c\n", "f:1:5: a ':' is not allowed here"),
        ("a:\n\t- x\n", "f:2:1: a tab cannot indent YAML; use spaces"), ("a: \"open\n", "that starts in line 1)"),
        ("a: *x\n", "f:1:4: no anchor '&x' stands before this alias"),
        ("a: 1\na: 2\n", "f:2:1: the field 'a' is there"),
        ("<<: {a: 1}\n", "f:1:1: merge keys"), ("? [x]\n: 1\n", "f:1:3: the name of a field must be text"),
        ("a: !foo 1\n", "f:1:4: the tag '!foo' is not supported"), ("a: !!int x\n", "f:1:4: the tag"),
        ("a: \u{1}\n", "f:1: control characters are not allowed"), ("a: @x\n", "f:1:4: this character cannot start"),
        ("a: \"\\0\"\n", "f:1:4: a text cannot hold the character NUL"), ("a: 1\n b: 2\n", "f:2:3: "),
        ("{\"a\": \"\\u0000\"}", "a text cannot hold the character NUL"),
        ("{\"a\": 1, \"a\": 2}", "f:1:10: the field 'a'"),
        ("{\"a\": \"\\ud800\"}", "f:1:"), ("a: &x\n  b: *x\n", "no anchor '&x'"), ("%YAML 3.0\n---\na: 1\n", "f:1:1: "),
    ])
    func mistakesAreNamedWithTheirPlace(_ text: String, _ expected: String) {
        let error = #expect(throws: YAMLError.self) { try YAML.documents(text, source: "f") }
        #expect(error?.message.contains(expected) == true, "\(error?.message ?? "")")
        #expect(error?.message.hasPrefix("f:") == true)
    }

    @Test func placesFollowTheFirstLine() {
        let error = #expect(throws: YAMLError.self) {
            try YAML.decode([String: Int].self, from: "a: 1\nb: x\n", source: "f", firstLine: 41)
        }
        #expect(error?.message == "f:42:4: 'b' must be a whole number, but is the text 'x'")
        for text in ["a: [\n", "{\"a\":\n[}"] {
            let error = #expect(throws: YAMLError.self) { try YAML.documents(text, source: "f", firstLine: 41) }
            #expect((error?.location?.line ?? 0) > 41)
        }
    }

    @Test func jsonMeansWhatItMeansInJSON() throws {
        struct Sample: Codable, Equatable {
            var text: String
            var numbers: [Double]
            var flag: Bool
            var none: Int?
            var nested: [String: [String: Int]]
        }
        let sample = Sample(
            text: "😀 \u{10FFFF} é \u{8}\u{C}\n\r\t\"\\/ \u{7F} \u{2028}", numbers: [0, -1, 1.5e-7, 1e300, 123456789],
            flag: true,
            none: nil, nested: ["a": ["b": 1], "": [:]])
        var escaped = String(decoding: try JSONEncoder().encode(sample), as: UTF8.self)
        #expect(try YAML.decode(Sample.self, from: escaped, source: "f") == sample)
        escaped = escaped.replacingOccurrences(of: "😀", with: "\\ud83d\\uDE00")
        #expect(try YAML.decode(Sample.self, from: escaped, source: "f") == sample)
        let tabbed = "{\n\t\"a\": [1,\n\t\t2]\n}\n"
        #expect(try YAML.decode([String: [Int]].self, from: tabbed, source: "f") == ["a": [1, 2]])
    }

    /// Text in YAML's flow style is not JSON, and goes on to the other reader.
    @Test func flowStyle() throws {
        #expect(
            try YAML.decode([String: [String]].self, from: "{a: [x, 'y z', \"\\t\"], b: [],}", source: "f")
                == ["a": ["x", "y z", "\t"], "b": []])
        #expect(try root("{a: 01}")["a"]?.text == "01")
    }

    @Test func filesAreReadWithinLimits() throws {
        let directory = try TemporaryDirectory("yaml")
        let path = directory.file("a.yaml")
        func write(_ bytes: [UInt8]) throws { try Data(bytes).write(to: URL(fileURLWithPath: path)) }

        try write(Array("a: é\n".utf8))
        #expect(try YAML.text(ofFile: path) == "a: é\n")
        #expect(try YAML.configuration(ofFile: path)?["a"]?.text == "é")
        try write(Array("# nothing\n".utf8))
        #expect(try YAML.configuration(ofFile: path) == nil)
        try write(Array("a: 1\nb: \u{E9}\n".utf8) + [0x63, 0xFF, 0x0A])
        let encoding = #expect(throws: YAMLError.self) { try YAML.text(ofFile: path) }
        #expect(encoding?.message == "\(path):3: the text is not valid UTF-8; save the file in that encoding")
        try write([UInt8](repeating: 0x20, count: (4 << 20) + 1))
        #expect(#expect(throws: YAMLError.self) { try YAML.text(ofFile: path) }?.code == "too-large")
        let missing = #expect(throws: YAMLError.self) { try YAML.text(ofFile: directory.file("none")) }
        #expect(missing?.message == "\(directory.file("none")): cannot be opened: No such file or directory")
        #expect(#expect(throws: YAMLError.self) { try YAML.text(ofFile: directory.path) }?.code == "unreadable")
    }
}
