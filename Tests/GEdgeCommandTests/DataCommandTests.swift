import Foundation
import TestKit
import Testing

@testable import GEdgeCommand

struct DataCommandTests {
    /// Runs a command of this machine.
    private func run(_ words: [String]) async -> (code: ExitCode, output: String, error: String) {
        let output = ScriptedTerminal()
        let error = ScriptedTerminal()
        let console = Console(output: output, error: error, environment: [:])
        let code = await GEdge.run(words, console: console, host: FakeHost())
        return (code, output.text, error.text)
    }

    private func text(_ path: String) throws -> String { try String(contentsOfFile: path, encoding: .utf8) }

    /// 120 samples of three classes, two features each, no two alike.
    private func sample(_ directory: TemporaryDirectory) throws -> String {
        let path = directory.file("data.csv")
        let rows = (0..<120).map { "\($0),\(Double($0) / 4),\($0 % 3)" }
        try (rows.joined(separator: "\n") + "\n").write(toFile: path, atomically: true, encoding: .utf8)
        return path
    }

    @Test(arguments: [
        ["iid"], ["dirichlet", "--alpha", "0.3"], ["quantity", "--proportions", "3,2,1"], ["quantity", "--alpha", "1"],
    ])
    func everySampleGoesToOnePlaceAndTheSeedDecides(rule: [String]) async throws {
        let directory = try TemporaryDirectory()
        let input = try sample(directory)
        func split(_ name: String, seed: String) async throws -> [String: String] {
            let target = directory.file(name)
            let result = await run(
                [
                    "data", "split", "--input", input, "--output", target, "--parts", "3", "--holdout", "0.2", "--seed",
                    seed, "--by",
                ]
                    + rule)
            #expect(result.code == .success, "\(result.error)")
            let names = try FileManager.default.contentsOfDirectory(atPath: target)
            #expect(names.sorted() == ["part-1.csv", "part-2.csv", "part-3.csv", "test.csv", "train.csv"])
            return try Dictionary(uniqueKeysWithValues: names.map { ($0, try text("\(target)/\($0)")) })
        }
        let first = try await split("a", seed: "7")
        #expect(try await split("b", seed: "7") == first)
        #expect(try await split("c", seed: "8") != first)

        func rows(_ names: [String]) -> [String] {
            names.flatMap { (first[$0] ?? "").split(separator: "\n").map(String.init) }.sorted()
        }
        let original = try text(input).split(separator: "\n").map { line in
            // Written back as the shortest text of the same values.
            line.split(separator: ",").map { $0.hasSuffix(".0") ? String($0.dropLast(2)) : String($0) }.joined(
                separator: ",")
        }.sorted()
        let parts = ["part-1.csv", "part-2.csv", "part-3.csv"]
        #expect(rows(parts) == rows(["train.csv"]))
        #expect(rows(parts + ["test.csv"]) == original)
        #expect(rows(["test.csv"]).count == 24)
    }

    @Test func printsHowManyOfEachClassWentWhere() async throws {
        let directory = try TemporaryDirectory()
        let result = await run(
            ["data", "split", "--input", try sample(directory), "--output", directory.file("out"), "--parts", "2"])
        let lines = result.output.split(separator: "\n").map(String.init)
        #expect(lines.first == "FILE        SAMPLES  CLASS 0  CLASS 1  CLASS 2")
        #expect(lines.count == 3)
        let counts = lines.dropFirst().map { $0.split(separator: " ").dropFirst().compactMap { Int($0) } }
        #expect(counts.allSatisfy { $0[0] == 60 && $0[1] + $0[2] + $0[3] == 60 })
    }

    @Test(arguments: ["csv", "npz", "npy"])
    func whatIsWrittenReadsBack(format: String) async throws {
        let directory = try TemporaryDirectory()
        let out = directory.file("out")
        let split = await run(
            ["data", "split", "--input", try sample(directory), "--output", out, "--parts", "1", "--format", format])
        #expect(split.code == .success, "\(split.error)")
        let words =
            format == "npy"
            ? ["\(out)/part-1.features.npy", "--labels", "\(out)/part-1.labels.npy"] : ["\(out)/part-1.\(format)"]
        let inspect = await run(["data", "inspect", "-o", "json"] + words)
        #expect(inspect.code == .success, "\(inspect.error)")
        let value = try #require(try JSONSerialization.jsonObject(with: Data(inspect.output.utf8)) as? [String: Any])
        #expect(value["samples"] as? Int == 120)
        #expect(value["features"] as? Int == 2)
        #expect(value["samplesByClass"] as? [Int] == [40, 40, 40])
        #expect(value["maximum"] as? Double == 119)
    }

    @Test func inspectTellsAPerson() async throws {
        let directory = try TemporaryDirectory()
        let result = await run(["data", "inspect", try sample(directory)])
        #expect(result.output.contains("Samples:  120\n"))
        #expect(result.output.contains("Classes:  3, of which 3 occur\n"))
        #expect(result.output.contains("    1       40  33.33%\n"))
    }

    @Test func aFaultInTheFileIsToldWithItsPlaceAndNothingIsWritten() async throws {
        let directory = try TemporaryDirectory()
        let input = directory.file("bad.csv")
        try "1,2,0\n3,nan,1\n".write(toFile: input, atomically: true, encoding: .utf8)
        let out = directory.file("out")
        let result = await run(["data", "split", "--input", input, "--output", out, "--parts", "2"])
        #expect(result.code == .failed)
        #expect(result.error.contains("bad.csv:2"), "\(result.error)")
        #expect(!FileManager.default.fileExists(atPath: out))
        #expect(await run(["data", "inspect", directory.file("none.csv")]).code == .failed)
    }

    @Test(arguments: [
        ["--by", "iid", "--alpha", "1"], ["--by", "quantity"], ["--by", "quantity", "--proportions", "1,x"],
        ["--by", "quantity", "--proportions", "1,0"], ["--parts", "0"], ["--holdout", "much"],
    ])
    func contradictionsAreRefused(words: [String]) async throws {
        let directory = try TemporaryDirectory()
        let parts = words.contains("--parts") ? [] : ["--parts", "2"]
        let result = await run(
            ["data", "split", "--input", try sample(directory), "--output", directory.file("out")] + parts + words)
        #expect(result.code == .usage, "\(result.error)")
    }

    @Test func partsOfALargerSplitAreNotMixedIn() async throws {
        let directory = try TemporaryDirectory()
        let words = ["data", "split", "--input", try sample(directory), "--output", directory.file("out"), "--parts"]
        #expect(await run(words + ["4"]).code == .success)
        let again = await run(words + ["3"])
        #expect(again.code == .failed)
        #expect(again.error.contains("part-4.csv is left from an earlier split"))
        #expect(await run(words + ["4"]).code == .success)
    }
}
