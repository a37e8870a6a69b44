import Contracts
import Foundation
import TestKit
import Testing

extension EndToEnd {
    @Suite struct PolicyTests {
        private static func policy(_ name: String, updates: String) -> String {
            """
            apiVersion: gedge/v1
            kind: SyncPolicy
            metadata:
              name: \(name)
            spec:
              rules:
                - artefacts: [model]
                  when: each-round
                - artefacts: [update]
                  when: \(updates)
            """
        }

        /// A policy that keeps updates at the edges holds its training back, says so, and lets it go on when it is changed.
        @Test func aPolicyHoldsARoundBack() async throws {
            let cluster = try await Cluster(edges: 2)
            try await cluster.startAll()
            try cluster.write("policy.yaml", Self.policy("federated", updates: "never"))
            let file = cluster.directory.file("policy.yaml")
            #expect(try await cluster.must("apply", "-f", file).contains("syncpolicy/federated created"))
            try await cluster.apply(rounds: 1)
            try await cluster.eventually("the refusal is in the audit") {
                let text = try await cluster.must("sync", "audit", "-o", "json")
                let entries = try JSONDecoder().decode([AuditEntry].self, from: Data(text.utf8))
                return Set(entries.map(\.peer.text)) == ["edge-1", "edge-2"]
                    && entries.allSatisfy { $0.artefact == .update && $0.rule == "policy/federated rule 2" }
            }
            try await cluster.eventually("the job says which rule it is") {
                try await cluster.job().conditions.contains { $0.message.contains("policy/federated rule 2") }
            }
            #expect(try await cluster.job().completedRounds == 0)

            try cluster.write("policy.yaml", Self.policy("federated", updates: "each-round"))
            try await cluster.must("apply", "-f", file)
            #expect(try await cluster.waitForJob().phase == .succeeded)
        }

        /// The core opens everything; an edge's raw data stays, and the edge knows who asked for it.
        @Test func anEdgeKeepsItsRawData() async throws {
            let cluster = try await Cluster(edges: 1)
            try await cluster.startAll()
            let explain = ["sync", "explain", "raw-data", "--from", "edge-1", "-o", "name"]
            #expect(try await cluster.gedge(explain).standardOutput == "core refuse\nedge-1 refuse\n")
            let refused = try await cluster.gedge(
                "data", "get", "demo/line/one", "--from", "edge-1", "-o", cluster.directory.file("one"))
            #expect(refused.status == 1 && refused.standardError.contains("policy/default rule 5 refuses"))
            try cluster.write(
                "open.yaml",
                "apiVersion: gedge/v1\nkind: SyncPolicy\nmetadata: {name: default}\nspec: {rules: [{when: on-change}]}\n"
            )
            try await cluster.must("apply", "-f", cluster.directory.file("open.yaml"))
            try await cluster.eventually("the edge knows the new policy") {
                let text = try await cluster.gedge(["sync", "explain", "trajectory", "--from", "edge-1", "-o", "name"])
                return text.standardOutput == "core allow\nedge-1 allow\n"
            }
            #expect(try await cluster.gedge(explain).standardOutput == "core allow\nedge-1 refuse\n")
            // Cut off and started again, the edge goes by what it knew.
            await cluster.killEdge("edge-1")
            try await cluster.startEdge("edge-1")
            try await cluster.eventually("the edge answers again, and no other way") {
                let output = try await cluster.gedge(explain).standardOutput
                #expect(["core allow\n", "core allow\nedge-1 refuse\n"].contains(output))
                return output != "core allow\n"
            }
        }

        /// What is put comes back as it was, is stored once, and is pinned until it is let go.
        @Test func dataSetsComeBackAsTheyWere() async throws {
            let cluster = try await Cluster(edges: 1)
            try await cluster.startCore()
            let source = cluster.directory.file("source")
            for name in ["a.csv", "b/c.csv"] {
                let path = "\(source)/\(name)"
                try FileManager.default.createDirectory(
                    atPath: (path as NSString).deletingLastPathComponent, withIntermediateDirectories: true)
                try String(repeating: "\(name),1,2,3\n", count: 20_000).write(
                    toFile: path, atomically: false, encoding: .utf8)
            }
            #expect(try await cluster.must("data", "put", source, "demo/line/one", "--pin").contains("one@1 stored"))
            #expect(try await cluster.must("data", "put", source, "demo/line/one").contains("one@1 unchanged"))
            try "new".write(toFile: "\(source)/d", atomically: false, encoding: .utf8)
            #expect(try await cluster.must("data", "put", source, "demo/line/one").contains("one@2 stored: 3 entries"))
            let back = cluster.directory.file("back")
            try await cluster.must("data", "get", "demo/line/one", "-o", back)
            #expect(FileManager.default.contentsEqual(atPath: source, andPath: back))
            #expect(try await cluster.must("data", "verify").contains(" 0 damaged"))
            #expect(try await cluster.gedge("data", "rm", "demo/line/one", "--all").status == 1)
            try await cluster.must("data", "pin", "--off", "demo/line/one@1")
            #expect(try await cluster.must("data", "rm", "demo/line/one", "--all").contains("2 versions"))
            #expect(try await cluster.gedge("data", "get", "demo/line/one", "-o", back + "2").status == 3)
        }
    }
}
