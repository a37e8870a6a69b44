import Contracts
import Core
import Foundation
import TestKit
import Testing

extension EndToEnd {
    /// Data that arises at an edge, from the first record to the core.
    @Suite struct AccumulationTests {
        private static let name = "demo/line/one"

        /// The command line beside an edge.
        private func atEdge(_ cluster: Cluster, _ arguments: String...) async throws -> ChildProcess.Output {
            try await ChildProcess.run(
                [Executables.path("gedge"), "--state-dir", cluster.directory.file("edge-1")] + arguments)
        }

        private func must(_ cluster: Cluster, _ output: ChildProcess.Output) throws -> String {
            try #require(output.status == 0, "\(output.standardError)\(cluster.logs)")
            return output.standardOutput
        }

        private func listed(_ cluster: Cluster) async throws -> CatalogueEntry? {
            let text = try await cluster.must("data", "ls", "-o", "json")
            return try JSONDecoder().decode([CatalogueEntry].self, from: Data(text.utf8)).first {
                $0.dataset.description == Self.name && $0.edge?.text == "edge-1"
            }
        }

        @Test func anEdgeThatIsCutOffAccumulatesAndTheCoreLearnsOfIt() async throws {
            let cluster = try await Cluster(edges: 1)
            try await cluster.startAll()
            await cluster.killCore()

            // Cut off, the edge takes records and files, each once, through a kill of its own.
            let records = (0..<500).map { "{\"n\": \($0)}\n" }
            try cluster.write("day.jsonl", records[..<200].joined())
            let day = cluster.directory.file("day.jsonl")
            let command = ["data", "append", Self.name, day, "--records", "lines", "--producer", "camera"]
            func append() async throws -> String {
                try must(
                    cluster,
                    try await ChildProcess.run(
                        [Executables.path("gedge"), "--state-dir", cluster.directory.file("edge-1")] + command))
            }
            #expect(try await append().contains("200 records in no version yet"))
            #expect(try await append().contains("appended: 0 B"))
            await cluster.killEdge("edge-1")
            try await cluster.launchEdge("edge-1")
            try await cluster.eventually("the edge answers") {
                try await atEdge(cluster, "data", "ls").status == 0
            }
            try cluster.write("day.jsonl", records.joined())
            #expect(try await append().contains("500 records in no version yet"))
            try cluster.write("photo.bin", "not really a photo")
            let photo = cluster.directory.file("photo.bin")
            _ = try must(cluster, try await atEdge(cluster, "data", "append", Self.name, photo, "--as", "shots/1"))
            let sealed = try must(cluster, try await atEdge(cluster, "data", "seal", Self.name))
            #expect(sealed.contains("\(Self.name)@1 sealed: 2 files") && sealed.contains("500 records"))
            // What is for the core is told so.
            #expect(try await atEdge(cluster, "get", "jobs").standardError.contains("'edge-1' is an edge"))

            // The core is back and learns what there is.
            try await cluster.startCore()
            try await cluster.eventually("the core knows of the data set") {
                try await listed(cluster)?.newest?.records == 500
            }
            let entry = try #require(try await listed(cluster))
            #expect(entry.versions == 1 && entry.privacy == .private && entry.isStale == false)
            #expect(entry.artefact == .rawData && entry.newest?.entries == 2)

            // It is raw data: the core may not even ask for it, and says so in its audit.
            let output = cluster.directory.file("one")
            let refused = try await cluster.gedge("data", "get", Self.name, "--from", "edge-1", "-o", output)
            #expect(refused.status == 1 && refused.standardError.contains("policy/default rule 5 refuses"))
            #expect(try await cluster.must("sync", "audit").contains("raw-data \(Self.name)"))

            // The core's operator opens everything; the edge's own word still counts.
            try cluster.write(
                "open.yaml",
                "apiVersion: gedge/v1\nkind: SyncPolicy\nmetadata: {name: default}\nspec: {rules: [{when: on-change}]}\n"
            )
            try await cluster.must("apply", "-f", cluster.directory.file("open.yaml"))
            try await cluster.eventually("the edge itself refuses") {
                let again = try await cluster.gedge("data", "get", Self.name, "--from", "edge-1", "-o", output)
                return again.status == 1 && again.standardError.contains("edge configuration")
            }
            #expect(try await cluster.must("sync", "audit", "--edge", "edge-1").contains(Self.name))

            // The edge away, the core still knows; the edge's operator lets the data set go, and it comes.
            await cluster.killEdge("edge-1")
            try await cluster.eventually("the core notices") { try await listed(cluster)?.isStale == true }
            #expect(try await cluster.must("data", "ls").contains("edge away"))
            let configuration = try String(contentsOfFile: cluster.directory.file("edge-1.yaml"), encoding: .utf8)
            try cluster.write(
                "edge-1.yaml",
                """
                \(configuration)
                sync:
                  rules:
                    - {artefacts: [raw-data], datasets: [\(Self.name)], privacy: public}
                """)
            try await cluster.startEdge("edge-1")
            try await cluster.eventually("the data set is there") {
                try await cluster.gedge("data", "get", Self.name, "--from", "edge-1", "-o", output).status == 0
            }
            let stored = try String(contentsOfFile: "\(output)/records/00000001.jsonl", encoding: .utf8)
            #expect(stored == records.joined())
            #expect(try String(contentsOfFile: "\(output)/shots/1", encoding: .utf8) == "not really a photo")
            try await cluster.eventually("the core knows that it is open") {
                try await listed(cluster)?.privacy == .public
            }
        }

        /// A job that waits for an edge has the model fetched by those that are there, and the round then moves nothing to them.
        @Test func aPlannedEdgeHasTheModelBeforeTheRoundBegins() async throws {
            let cluster = try await Cluster(edges: 2)
            try await cluster.startCore()
            try await cluster.startEdge("edge-1")
            try await cluster.apply(rounds: 1, minimum: 2)
            func status() async throws -> SyncStatus {
                let text = try await cluster.must("sync", "status", "--edge", "edge-1", "-o", "json")
                return try JSONDecoder().decode(SyncStatus.self, from: Data(text.utf8))
            }
            try await cluster.eventually("the edge has the model") { try await status().cache?.versions == 1 }
            #expect(try await cluster.job().current == nil)
            try await cluster.startEdge("edge-2")
            let job = try await cluster.waitForJob()
            let contributors = job.rounds.first?.contributors ?? []
            #expect(contributors.count == 2)
            #expect(try await status().cache?.hits == 1)

            // A person may do the same.
            let path = cluster.directory.file("data/test.csv")
            try await cluster.must("data", "put", path, "demo/digits/test")
            let asked = try await cluster.must("data", "prefetch", "demo/digits/test", "--to", "edge-1")
            #expect(asked.contains("dataset/demo/digits/test@1 is being fetched by edge-1"))
            try await cluster.eventually("the data set is there") {
                try await cluster.must("data", "prefetch", "demo/digits/test", "--to", "edge-1").contains("already")
            }
        }
    }
}
