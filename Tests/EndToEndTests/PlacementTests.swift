import Contracts
import Core
import Foundation
import TestKit
import Testing

extension EndToEnd {
    @Suite struct PlacementTests {
        private static func document(_ name: String, rounds: Int, maximum: Int? = nil, placement: String = "{}")
            -> String
        {
            """
            apiVersion: gedge/v1
            kind: TrainingJob
            metadata: {group: test, project: \(name), name: \(name)}
            spec:
              model: {kind: perceptron, hidden: [32]}
              data: {dataset: digits, features: 64, classes: 10}
              rounds: \(rounds)
              clients: {minimum: 1\(maximum.map { ", maximum: \($0)" } ?? "")}
              placement: \(placement)
            """
        }

        private static func apply(_ cluster: Cluster, _ name: String, _ text: String, dryRun: Bool = false) async throws
            -> String
        {
            try cluster.write("\(name).yaml", text)
            let arguments = ["apply", "-f", cluster.directory.file("\(name).yaml")] + (dryRun ? ["--dry-run"] : [])
            let output = try await cluster.gedge(arguments)
            try #require(output.status == 0, "\(output.standardError)")
            return output.standardOutput
        }

        private static func status(_ cluster: Cluster, _ name: String) async throws -> TrainingJobStatus {
            try await cluster.job(name)
        }

        @Test func aJobIsForecastExplainedAndLeavesADrainedEdge() async throws {
            let cluster = try await Cluster()
            try await cluster.startAll()
            let text = Self.document("moves", rounds: 3000, maximum: 2)
            let forecast = try await Self.apply(cluster, "moves", text, dryRun: true)
            #expect(forecast.contains("job/moves created (dry run)"))
            #expect(forecast.contains("would run on: ") && forecast.contains("would take: "))
            #expect(try await cluster.must("get", "jobs", "-o", "name").isEmpty)
            _ = try await Self.apply(cluster, "moves", text)
            try await cluster.eventually("two rounds") { try await Self.status(cluster, "moves").completedRounds >= 2 }
            let before = try #require(try await Self.status(cluster, "moves").placement)
            #expect(before.chosen.count == 2)

            let leaving = try #require(before.chosen.first)
            let spare = try #require(before.decisions.first { $0.outcome == .spare }?.edge)
            _ = try await cluster.must("edge", "drain", leaving.text)
            try await cluster.eventually("the drained edge is left") {
                let status = try await Self.status(cluster, "moves")
                return status.rounds.last?.contributors.map(\.edge) == [spare, before.chosen[1]].sorted()
            }
            let explanation = try await cluster.must("explain", "placement/moves")
            #expect(explanation.contains("drained by an operator"))
            #expect(explanation.contains("Predicted: ") && explanation.contains("Actual: "))
            // What was learned of its rounds has taken the place of what was assumed.
            #expect(explanation.contains("of this workload on"))
            let held = try await cluster.must("explain", "placement", "-o", "json")
            #expect(held.contains("\"moves\""))

            func topology() async throws -> TopologySnapshot {
                let json = try await cluster.must("get", "topology", "-o", "json")
                return try JSONDecoder().decode(TopologySnapshot.self, from: Data(json.utf8))
            }
            // An edge's second report tells of the round trip of its first.
            try await cluster.eventually("a round trip is known") {
                try await topology().links.contains { $0.from == .core && $0.roundTripSeconds != nil }
            }
            let snapshot = try await topology()
            #expect(snapshot.sites.map(\.name.text) == cluster.edgeNames)
            #expect(snapshot.sites.allSatisfy { $0.report.machine?.threads.isEmpty == false })
            #expect(snapshot.sites.first { $0.name == leaving }?.cordon?.isDraining == true)
            _ = try await cluster.must("topology", "graph", "-o", cluster.directory.file("map.svg"))
            #expect(try String(contentsOfFile: cluster.directory.file("map.svg"), encoding: .utf8).contains("</svg>"))
            #expect(try await cluster.must("top", "--once").contains(leaving.text))
            let test = try await cluster.must("net", "test", spare.text, "--sizes", "1KB,1MB", "-o", "json")
            #expect(test.contains("bytesPerSecond"))
            _ = try await cluster.must("delete", "job/moves")
            try await cluster.eventually("nothing is held") {
                try await cluster.must("explain", "placement").contains("no job holds anything")
            }
            #expect(await cluster.stop() == [0, 0, 0, 0])
        }

        @Test func jobsThatAskForTheWholeEdgeRunOneAfterTheOther() async throws {
            let cluster = try await Cluster()
            try await cluster.startAll()
            let all = ProcessInfo.processInfo.activeProcessorCount
            let whole = "{resources: {cpus: \(all)}}"
            _ = try await Self.apply(cluster, "first", Self.document("first", rounds: 100_000, placement: whole))
            try await cluster.eventually("a round") { try await Self.status(cluster, "first").completedRounds >= 1 }
            _ = try await Self.apply(
                cluster, "second",
                Self.document("second", rounds: 2, placement: "{priority: 5, resources: {cpus: \(all)}}"))
            // The second makes the first give way at the end of its round, and the first goes on afterwards.
            try await cluster.eventually("the second is through") {
                try await Self.status(cluster, "second").phase == .succeeded
            }
            let done = try await Self.status(cluster, "first").completedRounds
            try await cluster.eventually("the first goes on") {
                try await Self.status(cluster, "first").completedRounds > done
            }
            // A core that is killed finds what was held.
            await cluster.killCore()
            try await cluster.startCore()
            try await cluster.eventually("the first goes on after a crash") {
                try await Self.status(cluster, "first").completedRounds > done + 2
            }
            let held = try await cluster.must("explain", "placement", "-o", "name")
            #expect(held == "job/first\n")
            #expect(await cluster.stop() == [0, 0, 0, 0])
        }
    }
}
