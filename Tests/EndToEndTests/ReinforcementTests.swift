import Contracts
import Foundation
import TestKit
import Testing

extension EndToEnd {
    @Suite struct ReinforcementTests {
        private static let example = "\(Executables.root)/examples/gridworld.yaml"

        private static func finished(_ cluster: Cluster) async throws -> TrainingJobStatus {
            try await cluster.must("wait", "job/gridworld", "--timeout", "5m")
            return try await cluster.job("gridworld")
        }

        /// Once undisturbed, once with a core and an edge that are killed on the way: the same policy, bit for bit.
        @Test func edgesThatActFindTheWayAndTheSameOneAfterCrashes() async throws {
            var policies: [TrainingJobStatus] = []
            for isDisturbed in [false, true] {
                let cluster = try await Cluster()
                try await cluster.startAll()
                let forecast = try await cluster.must("apply", "-f", Self.example, "--dry-run")
                #expect(forecast.contains("would run on: "), "\(forecast)")
                try await cluster.must("apply", "-f", Self.example)
                if isDisturbed {
                    try await cluster.eventually("two rounds") {
                        try await cluster.job("gridworld").completedRounds >= 2
                    }
                    await cluster.killEdge("edge-2")
                    try await cluster.launchEdge("edge-2")
                    await cluster.killCore()
                    try await cluster.startCore()
                }
                let job = try await Self.finished(cluster)
                #expect(job.phase == .succeeded && job.trainingType == .reinforcement)
                #expect(job.rounds.allSatisfy { $0.contributors.count == 3 && $0.episodes == 10 })
                #expect(job.rounds.allSatisfy { $0.contributors.allSatisfy { $0.samples == 1024 } })
                policies.append(job)
                if !isDisturbed { try await Self.isShown(cluster) }
                #expect(await cluster.stop() == [0, 0, 0, 0])
            }
            // The shortest way: eleven steps before the one that reaches the goal.
            #expect(abs((policies[0].rounds.last?.meanReturn ?? 0) - (1 - 0.11)) < 1e-9)
            #expect(policies[0].rounds.map(\.manifest) == policies[1].rounds.map(\.manifest))
            #expect(policies[0].rounds.map(\.meanReturn) == policies[1].rounds.map(\.meanReturn))
        }

        private static func isShown(_ cluster: Cluster) async throws {
            let jobs = try await cluster.must("get", "jobs")
            #expect(jobs.contains("reinforcement") && jobs.contains("return 0.89"), "\(jobs)")
            let job = try await cluster.must("describe", "job/gridworld")
            #expect(
                job.contains("Judged:      mean return 0.89") && job.contains("Environment: gridworld of 5 rows"),
                "\(job)")
            let words = try await cluster.must("watch", "job/gridworld")
            #expect(words.contains(" return=0.8900 "), "\(words)")
            let model = try await cluster.must("describe", "model/demo/gridworld/15")
            #expect(model.contains("mean return"), "\(model)")
            // What is shown can be applied again.
            let text = try await cluster.must("get", "job/gridworld", "-o", "yaml")
            try cluster.write("again.yaml", text)
            let again = try await cluster.must("apply", "-f", cluster.directory.file("again.yaml"))
            #expect(again.contains("unchanged"), "\(again)")
        }
    }
}
