import Contracts
import Foundation
import TestKit
import Testing

extension EndToEnd {
    @Suite struct RefusalTests {
        @Test func aTokenIsGoodForOneEdge() async throws {
            let cluster = try await Cluster(edges: 2)
            try await cluster.startCore()
            let token = directoryToken(cluster)
            try await cluster.must("token", "create", "-o", token)
            #expect(try permissions(of: token) == 0o600)
            let first = try ChildProcess([
                Executables.path("edge-cloud"), "--config", cluster.directory.file("edge-1.yaml"), "--name", "first",
                "--join", "@\(token)",
            ])
            try await cluster.eventually("the first edge is ready") { try await cluster.phase(of: "first") == "Ready" }
            let second = try await ChildProcess.run([
                Executables.path("edge-cloud"), "--config", cluster.directory.file("edge-2.yaml"), "--name", "second",
                "--join", "@\(token)",
            ])
            #expect(second.status == 1)
            #expect(second.standardError.contains("used already"), "\(second.standardError)")
            #expect(try await cluster.phase(of: "second") == nil)
            first.signal(SIGTERM)
            #expect(await first.end().status == 0)
        }

        @Test func aTokenOnTheCommandLineIsHidden() async throws {
            let cluster = try await Cluster(edges: 1)
            try await cluster.startCore()
            let path = directoryToken(cluster)
            try await cluster.must("token", "create", "-o", path)
            let token = try String(contentsOfFile: path, encoding: .utf8).trimmingCharacters(
                in: .whitespacesAndNewlines)
            let edge = try ChildProcess([
                Executables.path("edge-cloud"), "--config", cluster.directory.file("edge-1.yaml"), "--name", "edge-1",
                "--join", token,
            ])
            try await cluster.eventually("the edge is ready") { try await cluster.phase(of: "edge-1") == "Ready" }
            let commandLine = try String(contentsOfFile: "/proc/\(edge.identifier)/cmdline", encoding: .utf8)
            #expect(commandLine.contains("--join") && !commandLine.contains(token))
            let secret = try #require(token.split(separator: ".").last)
            #expect(!edge.standardError.contains(secret))
            #expect(cluster.core?.standardError.contains(secret) == false)
        }

        @Test func anEdgeWithAnUnknownKeyStaysOut() async throws {
            let cluster = try await Cluster(edges: 1)
            try await cluster.startAll()
            // The same edge with another key: its identity is known, its key is not.
            _ = await cluster.stop()
            try FileManager.default.removeItem(atPath: cluster.directory.file("edge-1/keys/edge.key"))
            try await cluster.startCore()
            try await cluster.launchEdge("edge-1")
            let edge = try #require(cluster.edges["edge-1"])
            try await cluster.eventually("the edge says that it is turned away") {
                edge.standardError.contains("refused") || edge.standardError.contains("not enrolled")
            }
            #expect(try await cluster.phase(of: "edge-1") != "Ready")
        }

        @Test func aRevokedEdgeIsCutOff() async throws {
            let cluster = try await Cluster(edges: 2)
            try await cluster.startAll()
            try await cluster.must("edge", "revoke", "edge-1")
            try await cluster.eventually("the edge is out") { try await cluster.phase(of: "edge-1") == "Revoked" }
            #expect(try await cluster.phase(of: "edge-2") == "Ready")
            await cluster.killEdge("edge-1")
            try await cluster.launchEdge("edge-1")
            let edge = try #require(cluster.edges["edge-1"])
            try await cluster.eventually("the edge says that it is turned away") {
                edge.standardError.contains("refused") || edge.standardError.contains("not enrolled")
            }
            #expect(try await cluster.phase(of: "edge-1") == "Revoked")
        }

        @Test func aMisspeltFieldIsNamedWithItsLineAndTheNearestName() async throws {
            let cluster = try await Cluster(edges: 1)
            try await cluster.startCore()
            try cluster.write(
                "wrong.yaml",
                """
                apiVersion: gedge/v1
                kind: TrainingJob
                metadata: {group: test, project: digits, name: digits}
                spec:
                  model: {kind: softmax}
                  data: {dataset: digits, features: 64, classes: 10}
                  ruonds: 3
                """)
            let output = try await cluster.gedge("apply", "-f", cluster.directory.file("wrong.yaml"))
            #expect(output.status != 0)
            #expect(output.standardError.contains("wrong.yaml:7"), "\(output.standardError)")
            #expect(output.standardError.contains("'ruonds'") && output.standardError.contains("'rounds'"))
            #expect(try await cluster.must("get", "jobs", "-o", "name").isEmpty)
        }

        @Test(arguments: [
            ("missing", nil, "missing.csv"), ("nan", "1,2,nan,0\n1,2,3,1\n", "nan.csv:1"),
            ("ragged", "1,2,3,0\n1,2,1\n", "ragged.csv:2"),
        ])
        func badDataKeepsAnEdgeFromStarting(name: String, text: String?, place: String) async throws {
            let cluster = try await Cluster(edges: 1)
            if let text { try cluster.write("\(name).csv", text) }
            try cluster.writeEdge("edge-1", dataset: "\(name).csv")
            let output = try await ChildProcess.run([
                Executables.path("edge-cloud"), "--config", cluster.directory.file("edge-1.yaml"),
            ])
            #expect(output.status == 1)
            #expect(output.standardError.contains(place), "\(output.standardError)")
        }

        @Test func twoCoresDoNotShareAStateDirectory() async throws {
            let cluster = try await Cluster(edges: 1)
            try await cluster.startCore()
            let second = try await ChildProcess.run([
                Executables.path("core-cloud"), "--config", cluster.directory.file("core.yaml"),
            ])
            #expect(second.status == 1)
            #expect(second.standardError.contains(cluster.coreState), "\(second.standardError)")
            #expect(second.standardError.contains("\(try #require(cluster.core).identifier)"))
            #expect(try await cluster.gedge("get", "edges").status == 0)
        }

        private func directoryToken(_ cluster: Cluster) -> String { cluster.directory.file("join.token") }

        private func permissions(of path: String) throws -> Int {
            try #require(FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int)
        }
    }
}
