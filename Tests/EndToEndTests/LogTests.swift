import Foundation
import TestKit
import Testing

extension EndToEnd {
    @Suite struct LogTests {
        @Test func whatIsNotThereHasNoLog() async throws {
            let cluster = try await Cluster(edges: 1)
            try await cluster.startAll()
            for words in [["logs", "edge/none"], ["logs", "job/none"], ["logs", "job/none", "--follow"]] {
                let output = try await cluster.gedge(words)
                #expect(output.status == 3, "\(words)")
                #expect(output.standardOutput.isEmpty)
                #expect(output.standardError.contains("there is no \(words[1].replacing("/", with: " '"))'"))
            }
            #expect(try await cluster.gedge("metrics", "edge/none").status == 3)
            #expect(try await cluster.gedge("logs", "edge/edge-1").status == 0)

            // An edge that is known and away is another matter.
            await cluster.killEdge("edge-1")
            try await cluster.eventually("the edge is away") { try await cluster.phase(of: "edge-1") != "Ready" }
            let away = try await cluster.gedge("logs", "edge/edge-1")
            #expect(away.status == 4)
            #expect(away.standardError.contains("not connected") && away.standardError.contains("edge-cloud.jsonl"))
        }

        @Test func theLogOfADeletedJobStaysReadable() async throws {
            let cluster = try await Cluster(edges: 1)
            try await cluster.startCore()
            try cluster.write(
                "job.yaml",
                """
                apiVersion: gedge/v1
                kind: TrainingJob
                metadata: {group: test, project: digits, name: digits}
                spec:
                  model: {kind: softmax}
                  data: {dataset: digits, features: 64, classes: 10}
                  rounds: 1
                """)
            try await cluster.must("apply", "-f", cluster.directory.file("job.yaml"))
            #expect(try await cluster.must("logs", "job/digits").contains("job created"))
            try await cluster.must("delete", "job/digits")
            #expect(try await cluster.must("logs", "job/digits").contains("job deleted"))
            #expect(try await cluster.gedge("logs", "job/digits", "--follow").status == 3)
        }

        @Test func aStateDirectoryTooDeepForSocketsIsRefusedBeforeItIsMade() async throws {
            let directory = try TemporaryDirectory("gedge-e2e")
            let state = directory.file(String(repeating: "d", count: 100))
            let core = try await ChildProcess.run([Executables.path("core-cloud"), "--state-directory", state])
            #expect(core.status == 1)
            #expect(core.standardError.contains(state) && core.standardError.contains("shorter directory"))
            #expect(!FileManager.default.fileExists(atPath: state))
        }
    }
}
