import Foundation
import TestKit
import Testing

@testable import GEdgeCommand

/// `gedge simulate` with and without data.
@Suite struct SimulateCommandTests {
    private func run(_ words: String...) async -> (code: ExitCode, output: String, error: String) {
        let (output, error) = (ScriptedTerminal(), ScriptedTerminal())
        let console = Console(output: output, error: error, environment: [:])
        let code = await GEdge.run(["simulate"] + words, console: console, host: FakeHost())
        return (code, output.text, error.text)
    }

    private func job(_ directory: TemporaryDirectory, _ source: String) throws -> String {
        let path = directory.file("job.yaml")
        try """
        apiVersion: gedge/v1
        kind: TrainingJob
        metadata: {group: test, project: test, name: test}
        spec:
          \(source)
          model: {kind: softmax}
          rounds: 2
        """.write(toFile: path, atomically: true, encoding: .utf8)
        return path
    }

    @Test func anEnvironmentNeedsNoDataAndTakesNone() async throws {
        let directory = try TemporaryDirectory()
        let path = try job(
            directory,
            """
            environment: {kind: gridworld, map: [S.G], maximumSteps: 8}
              reinforcement: {steps: 40, evaluationEpisodes: 3}
            """)
        let table = await run("-f", path, "--clients", "2")
        #expect(table.code == .success, "\(table.error)")
        #expect(table.output.contains("round    return     loss"), "\(table.output)")
        let result = await run("-f", path, "--clients", "2", "-o", "json")
        let value = try #require(try JSONSerialization.jsonObject(with: Data(result.output.utf8)) as? [String: Any])
        let rounds = try #require(value["rounds"] as? [[String: Any]])
        #expect(rounds.map { $0["samples"] as? Int } == [80, 80])
        // Two steps to the goal at best, eight without it at worst.
        for round in rounds { #expect((-0.081...0.991).contains(round["meanReturn"] as? Double ?? 9)) }

        let given = await run("-f", path, "--clients", "2", "--data", "data.csv")
        #expect(given.code == .usage && given.error.contains("takes no --data"), "\(given.error)")
    }

    @Test func aFederatedJobNeedsData() async throws {
        let directory = try TemporaryDirectory()
        let path = try job(directory, "data: {dataset: x, features: 2, classes: 2}")
        let result = await run("-f", path, "--clients", "2")
        #expect(result.code == .usage && result.error.contains("--data FILE is needed"), "\(result.error)")
        #expect(await run("-f", path).code == .usage)
    }
}
