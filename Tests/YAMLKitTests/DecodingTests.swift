import Core
import Testing
import YAMLKit

/// What a strict decode says about documents that people write.
@Suite struct DecodingTests {
    struct Job: Codable, Equatable {
        enum Kind: String, Codable, CaseIterable { case softmax, perceptron }
        struct Spec: Codable, Equatable {
            var kind: Kind
            var rounds: UInt8
            var rate: Double?
            var hidden: [Int]?
            var seed: UInt64?
            var deadline: Duration?
        }
        var name: Name
        var labels: [String: String]?
        var spec: Spec
    }

    private func message(_ text: String, _ expected: String, line: SourceLocationInTest = #_sourceLocation) {
        let error = #expect(throws: YAMLError.self, sourceLocation: line) {
            _ = try YAML.decode(Job.self, from: text, source: "job.yaml")
        }
        #expect(error?.message == expected, sourceLocation: line)
    }

    @Test func completeDocument() throws {
        let job = try YAML.decode(
            Job.self,
            from: """
                # a comment
                name: digits
                labels: {a: "1", b: yes}
                spec:
                  kind: perceptron
                  rounds: 0x10
                  rate: 5e-2
                  hidden:
                  - 32
                  - 16
                  seed: 18446744073709551615
                  deadline: 1m30s
                """, source: "job.yaml")
        #expect(job.name.text == "digits")
        #expect(job.labels == ["a": "1", "b": "yes"])
        #expect(
            job.spec
                == .init(
                    kind: .perceptron, rounds: 16, rate: 0.05, hidden: [32, 16], seed: .max, deadline: .seconds(90)))
    }

    @Test func misspeltFields() {
        message(
            "name: x\nspec:\n  kind: softmax\n  round: 3\n",
            "job.yaml:4:3: unknown field 'round' in spec; did you mean 'rounds'?")
        message(
            "name: x\nspec:\n  kind: softmax\n  rounds: 3\n  sed: 1\n",
            "job.yaml:5:3: unknown field 'sed' in spec; did you mean 'seed'?")
        message(
            "name: x\nspec:\n  kind: softmax\n  rounds: 3\nzebra: 1\n",
            "job.yaml:5:1: unknown field 'zebra'; the known fields are labels, name, spec")
        message(
            "zebra: 1\nname: x\nspec:\n  sed: 1\n  kind: softmax\n  rounds: 3\nyak: 2\n",
            "job.yaml:1:1: unknown field 'zebra'; the known fields are labels, name, spec; "
                + "job.yaml:4:3: unknown field 'sed' in spec; did you mean 'seed'?; "
                + "job.yaml:7:1: unknown field 'yak'; the known fields are labels, name, spec")
    }

    @Test func missingFields() {
        message("name: x\nspec:\n  kind: softmax\n", "job.yaml:3:3: missing field 'rounds' in spec")
        message("name: x\n", "job.yaml:1:1: missing field 'spec'")
        message("name: x\nspec:\n", "job.yaml:2:6: 'spec' must be a group of fields, but is empty")
    }

    @Test func mistypedValues() {
        let head = "name: x\nspec:\n  kind: softmax\n  rounds: "
        message(head + "ten\n", "job.yaml:4:11: 'spec.rounds' must be a whole number, but is the text 'ten'")
        message(head + "2.5\n", "job.yaml:4:11: 'spec.rounds' must be a whole number, but is the number 2.5")
        message(head + "\"3\"\n", "job.yaml:4:11: 'spec.rounds' must be a whole number, but is the text '3'")
        message(head + "300\n", "job.yaml:4:11: 'spec.rounds' is 300, but must lie in 0 ... 255")
        message(head + "-1\n", "job.yaml:4:11: 'spec.rounds' is -1, but must lie in 0 ... 255")
        message(head + "1e400\n", "job.yaml:4:11: 'spec.rounds' must be a whole number, but is the number 1e400")
        message(
            head + "1\n  rate: 1e400\n", "job.yaml:5:9: 'spec.rate' is 1e400, which is too large for a number")
        message(
            head + "1\n  hidden: [1, x]\n",
            "job.yaml:5:15: 'spec.hidden[1]' must be a whole number, but is the text 'x'")
        message(
            head + "1\n  deadline: soon\n",
            "job.yaml:5:13: 'spec.deadline' must be a duration such as 30s, 5m or 1h30m, but is the text 'soon'")
        message(
            "name: 12\n", "job.yaml:1:7: 'name' must be text, but is the number 12; put it in quotes: \"12\"")
        message(
            "name: Bad_Name\n",
            "job.yaml:1:7: 'name': 'Bad_Name' is not a valid name: use 1 to 63 lower-case letters, digits and '-', "
                + "starting and ending with a letter or digit")
        message(
            "name: x\nspec:\n  kind: softmx\n",
            "job.yaml:3:9: 'spec.kind' is 'softmx', but must be one of softmax, perceptron; did you mean 'softmax'?")
        message("- a\n", "job.yaml:1:1: the value must be a group of fields, but is a list")
    }
}

typealias SourceLocationInTest = Testing.SourceLocation
