import Core
import Foundation
import TestKit
import Testing

@testable import YAMLKit

@Suite struct WritingTests {
    private struct Sample: Codable, Equatable {
        var name = "digits"
        var empty: [Int] = []
        var nothing: String?
        var flags = ["yes", "true", "1.5", "", "on", "0b1", "2001-01-01", "a: b", "- x", " x", "x #y", "12:30"]
        var text = "first\n  second\n\nlast\n"
        var open = "one\ntwo"
        var matrix = [[1, 2], [], [3]]
        var labels = ["b": "2", "a": "1"]
        var steps = [["run": "a", "with": "b"], [:], ["run": "c"]]
        var rate = 1e20
        var lease = Duration.seconds(90)
    }

    @Test func blockStyle() throws {
        let text = try YAML.encode(Sample())
        #expect(
            text == """
                name: digits
                empty: []
                flags:
                  - "yes"
                  - "true"
                  - "1.5"
                  - ""
                  - "on"
                  - "0b1"
                  - "2001-01-01"
                  - "a: b"
                  - "- x"
                  - " x"
                  - "x #y"
                  - "12:30"
                text: |
                  first
                    second

                  last
                open: |-
                  one
                  two
                matrix:
                  - - 1
                    - 2
                  - []
                  - - 3
                labels:
                  a: "1"
                  b: "2"
                steps:
                  - run: a
                    with: b
                  - {}
                  - run: c
                rate: 1.0e+20
                lease: 1m30s

                """)
        #expect(try YAML.decode(Sample.self, from: text, source: "x") == Sample())
    }

    @Test func singleValues() throws {
        #expect(try YAML.encode(7) == "7\n")
        #expect(try YAML.encode("x") == "x\n")
        #expect(try YAML.encode([String]()) == "[]\n")
        #expect(try YAML.encode("a\nb") == "|-\n  a\n  b\n")
        #expect(try YAML.decode(String.self, from: YAML.encode("a\nb\n\n"), source: "x") == "a\nb\n\n")
    }

    @Test func anyTreeReadsBack() throws {
        var generator = SeededGenerator()
        for _ in 0..<3000 {
            let tree = RandomTree.node(depth: 4, using: &generator)
            let text = YAML.text(of: tree)
            if tree.isNull {
                #expect(try YAML.documents(text, source: "x").isEmpty)
                continue
            }
            let back = try YAML.document(text, source: "x").root
            #expect(RandomTree.essence(back) == RandomTree.essence(tree), "\(text)")
        }
    }

    /// PyYAML reads YAML 1.1, where more words mean something; what we write must mean the same there.
    @Test(.enabled(if: Python.has("yaml"), "needs PyYAML: run Tools/test"))
    func aReaderOfYAML11Agrees() async throws {
        var generator = SeededGenerator()
        let directory = try TemporaryDirectory("yaml")
        var expected: [String] = []
        for number in 0..<400 {
            // Quoted scalars only: numbers are written the same in both, but printed differently by Python.
            let texts = (0..<8).map { _ in RandomTree.text(using: &generator) }
            try Data(YAML.encode(texts).utf8).write(to: URL(fileURLWithPath: directory.file("\(number).yaml")))
            expected.append(
                texts.map { $0.utf8.map { String($0, radix: 16) }.joined(separator: ".") }.joined(separator: " "))
        }
        let program = """
            import sys, yaml
            for number in range(400):
                with open(f"{sys.argv[1]}/{number}.yaml", newline="", encoding="utf-8") as file:
                    texts = yaml.safe_load(file.read())
                assert all(isinstance(text, str) for text in texts), (number, texts)
                print(" ".join(".".join(format(byte, "x") for byte in text.encode()) for text in texts))
            """
        let output = try await Python.run(program: program, [directory.path])
        #expect(output == expected.joined(separator: "\n") + "\n")
    }
}
