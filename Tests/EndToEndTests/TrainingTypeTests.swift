import Contracts
import Core
import Foundation
import TestKit
import Testing

extension EndToEnd {
    /// The training types beside federated learning.
    @Suite struct TrainingTypeTests {
        private static func job(_ name: String, rounds: Int, _ more: String, hidden: Int = 128) -> String {
            """
            apiVersion: gedge/v1
            kind: TrainingJob
            metadata: {group: test, project: \(name), name: \(name)}
            spec:
              model: {kind: perceptron, hidden: [\(hidden)]}
              data: {dataset: digits, features: 64, classes: 10}
              rounds: \(rounds)
              optimizer: {learningRate: 0.05, batchSize: 8, localEpochs: 4}
              clients: {minimum: 2}
              evaluation: {dataset: digits-test}
              seed: 7
            \(more.split(separator: "\n").map { "  \($0)" }.joined(separator: "\n"))
            """
        }

        private static func apply(_ job: String, on cluster: Cluster) async throws {
            try cluster.write("typed.yaml", job)
            try await cluster.must("apply", "-f", cluster.directory.file("typed.yaml"))
        }

        /// Two edges agree that a job's data goes to the core, the third says nothing.
        private static func consenting() async throws -> Cluster {
            let cluster = try await Cluster()
            for (index, name) in cluster.edgeNames.prefix(2).enumerated() {
                try cluster.writeEdge(
                    name, dataset: "data/part-\(index + 1).csv",
                    more: "sync: {rules: [{artefacts: [raw-data], privacy: public}]}")
            }
            try await cluster.startAll()
            return cluster
        }

        @Test func dataGathersWhereItsEdgesAgreeAndTheCoreTrains() async throws {
            let cluster = try await Self.consenting()
            try await Self.apply(Self.job("whole", rounds: 5, "trainingType: centralised"), on: cluster)
            let whole = try await cluster.waitForJob("whole")
            #expect(whole.trainingType == .centralised)
            #expect(
                whole.rounds.map { $0.contributors.map(\.edge.text) }
                    == Array(repeating: ["edge-1", "edge-2"], count: 5))
            #expect(whole.rounds.allSatisfy { $0.absent.map(\.edge.text) == ["edge-3"] })
            #expect(whole.rounds[0].absent[0].reason.contains("raw data stays at its edge"))
            #expect(whole.rounds.map { $0.bytesFromEdges > 0 } == [true, false, false, false, false])
            #expect(try #require(whole.rounds.last?.accuracy) > 0.8)

            let audit = try await cluster.must("sync", "audit", "--edge", "edge-3", "-o", "json")
            let entries = try JSONDecoder().decode([AuditEntry].self, from: Data(audit.utf8))
            #expect(entries.contains { $0.dataset?.description == "test/whole/digits" && $0.direction == .serving })

            // The same job under another name, through a kill of the core: the same models.
            try await Self.apply(Self.job("killed", rounds: 5, "trainingType: centralised"), on: cluster)
            try await cluster.eventually("a round is committed") {
                try await cluster.job("killed").completedRounds >= 1
            }
            await cluster.killCore()
            try await cluster.startCore()
            let killed = try await cluster.waitForJob("killed")
            #expect(killed.rounds.map(\.manifest) == whole.rounds.map(\.manifest))

            // Left open, with a policy that lets data go: one edge's silence keeps it federated.
            try await Self.apply(Self.job("open", rounds: 1, "sync: centralised"), on: cluster)
            try await cluster.eventually("the type is named") { try await cluster.job("open").placement != nil }
            #expect(try await cluster.job("open").placement?.typeReason.contains("data-must-stay") == true)
        }

        @Test func aJobStartsFromAnothersModelAndSendsNothingThatIsFrozen() async throws {
            let cluster = try await Cluster(edges: 2)
            try await cluster.startAll()
            try await Self.apply(Self.job("base", rounds: 4, ""), on: cluster)
            let base = try await cluster.waitForJob("base")
            let refused = "transfer: {base: test/base/9}"
            try cluster.write("refused.yaml", Self.job("adapted", rounds: 3, refused))
            let output = try await cluster.gedge("apply", "-f", cluster.directory.file("refused.yaml"))
            #expect(output.status != 0 && output.standardError.contains("spec.transfer.base"))
            try await Self.apply(Self.job("adapted", rounds: 3, "transfer: {base: test/base/4}"), on: cluster)
            let adapted = try await cluster.waitForJob("adapted")
            #expect(adapted.trainingType == .transfer)
            let first = try #require(adapted.rounds.first), last = try #require(base.rounds.last)
            #expect(try #require(first.accuracy) > 0.8)
            // 64 x 128 + 128 of 9,610 parameters are frozen.
            #expect(3 * first.bytesFromEdges < last.bytesFromEdges)
        }
    }
}
