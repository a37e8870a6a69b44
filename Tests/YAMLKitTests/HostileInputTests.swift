import Core
import Foundation
import TestKit
import Testing

@testable import YAMLKit

/// Whatever the input, the answer is a tree or an error, soon and in little memory.
@Suite struct HostileInputTests {
    private func code(_ text: String, limits: YAMLLimits = .standard) -> String? {
        do {
            _ = try YAML.documents(text, source: "f", limits: limits)
            return nil
        } catch {
            return error.code
        }
    }

    @Test func deepNesting() {
        let depths = [64: nil, 65: "too-large", 100_000: "too-large"] as [Int: String?]
        for (depth, expected) in depths {
            let open = String(repeating: "[", count: depth)
            #expect(code(open + String(repeating: "]", count: depth)) == expected)
            #expect(
                code(
                    "a: " + String(repeating: "{a: ", count: depth - 1) + "1" + String(repeating: "}", count: depth - 1)
                )
                    == expected)
            #expect(code(String(repeating: "- ", count: depth) + "x") == expected)
        }
        #expect(code(String(repeating: "[", count: 1 << 20)) == "too-large")
        #expect(code(String(repeating: "{\"a\":", count: 1 << 18)) == "too-large")
        #expect(code(String(repeating: "? ", count: 1 << 18)) != nil)
    }

    @Test func anchorBombs() {
        var bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n"
        for level in 1...30 {
            let aliases = [String](repeating: "*a\(level - 1)", count: 10).joined(separator: ", ")
            bomb += "a\(level): &a\(level) [\(aliases)]\n"
        }
        #expect(code(bomb) == "too-large")
        // Long texts count too.
        let long = "a: &a \"\(String(repeating: "x", count: 1 << 20))\"\nb: ["
        #expect(code(long + [String](repeating: "*a", count: 1000).joined(separator: ",") + "]") == "too-large")
        // Aliases add to the depth.
        var chain = "a0: &a0 []\n"
        for level in 1...80 { chain += "a\(level): &a\(level) [*a\(level - 1)]\n" }
        #expect(code(chain) == "too-large")
    }

    @Test func manyValues() {
        #expect(code("[" + String(repeating: "1,", count: 250_000) + "1]") == "too-large")
        #expect(code(String(repeating: "- 1\n", count: 250_000)) == "too-large")
        #expect(code(String(repeating: " ", count: (4 << 20) + 1)) == "too-large")
        #expect(code("- 1\n- 2\n- 3\n", limits: YAMLLimits(nodes: 3)) == "too-large")
        #expect(code("- 1\n- 2\n", limits: YAMLLimits(nodes: 3)) == nil)
        #expect(code("[1, 2, 3]", limits: YAMLLimits(nodes: 3)) == "too-large")
    }

    @Test func hugeScalarsAreFine() throws {
        let text = String(repeating: "x", count: 3 << 20)
        #expect(try YAML.decode([String: String].self, from: "a: \(text)\n", source: "f") == ["a": text])
        #expect(try YAML.decode([String: String].self, from: "{\"a\": \"\(text)\"}", source: "f") == ["a": text])
    }

    @Test func messagesStayShort() {
        let long = String(repeating: "x", count: 100_000)
        for text in [
            "\(long): 1", "spec: \(long)", "spec: {\(long): 1}", "kind: *\(long)", "kind: !\(long) x",
            "{\"\(long)\": 1}",
        ] {
            let error = #expect(throws: YAMLError.self) {
                try YAML.decode(DecodingTests.Job.self, from: text, source: "f")
            }
            #expect((error?.message.utf8.count ?? .max) < 500)
        }
    }

    /// Mutations of valid documents. `GEDGE_FUZZ_CASES` asks for more of them.
    @Test func mutatedDocuments() throws {
        var generator = SeededGenerator()
        let cases = ProcessInfo.processInfo.environment["GEDGE_FUZZ_CASES"].flatMap(Int.init) ?? 4000
        let dictionary = [
            "{", "}", "[", "]", ":", ",", "- ", "? ", "&a ", "*a", "!!str ", "---\n", "...\n", "|\n", ">-\n", "\"", "'",
            "\\u", "\\x",
            "\\ud83d", "\t", "\0", "\u{FEFF}", "#", "%TAG ! x\n", "<<: *a", "\n  ", "0x", ".inf", "1e999", "\u{85}",
            "\u{2028}",
        ]
        var seeds = (0..<40).map { _ in YAML.text(of: RandomTree.node(depth: 4, using: &generator)) }
        seeds += [
            "a: &a {x: [1, 2]}\nb: *a\n---\n!!map {c: \"\\u00e9\"}\n",
            #"{"a": ["\ud83d\ude00", 1.5e3, null], "b": {"c": true}}"#,
            "name: x\nspec:\n  kind: softmax\n  rounds: 3\n",
        ]
        var accepted = 0
        for _ in 0..<cases {
            var bytes = Array((seeds.randomElement(using: &generator) ?? "").utf8)
            for _ in 0..<Int.random(in: 1...4, using: &generator) {
                let position = Int.random(in: 0...bytes.count, using: &generator)
                switch Int.random(in: 0..<4, using: &generator) {
                case 0: bytes.insert(UInt8.random(in: 0...255, using: &generator), at: position)
                case 1 where position < bytes.count:
                    bytes.removeSubrange(
                        position..<min(bytes.count, position + Int.random(in: 1...8, using: &generator)))
                case 2 where position < bytes.count: bytes[position] = UInt8.random(in: 0...255, using: &generator)
                default:
                    bytes.insert(contentsOf: (dictionary.randomElement(using: &generator) ?? "").utf8, at: position)
                }
            }
            do {
                let text = try YAML.text(bytes, source: "f")
                for document in try YAML.documents(text, source: "f") {
                    accepted += 1
                    // What was read can be written, and reads back as the same.
                    let again = try YAML.document(YAML.text(of: document.root), source: "f").root
                    #expect(RandomTree.essence(again) == RandomTree.essence(document.root))
                }
                _ = try YAML.decode(DecodingTests.Job.self, from: text, source: "f")
            } catch {
                #expect(error.message.hasPrefix("f"))
            }
        }
        #expect(accepted > cases / 100, "too few mutants are read to test anything")
    }
}
