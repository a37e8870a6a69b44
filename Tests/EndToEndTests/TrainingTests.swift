import Contracts
import Foundation
import TestKit
import Testing

extension EndToEnd {
    @Suite struct TrainingTests {
        @Test func aFederatedModelIsAsGoodAsACentralOneAndTheSameEveryTime() async throws {
            var manifests: [Digest] = []
            for _ in 1...2 {
                let cluster = try await Cluster()
                try await cluster.startAll()
                try await cluster.apply(rounds: 30, localEpochs: 2)
                let job = try await cluster.waitForJob()
                #expect(job.phase == .succeeded && job.completedRounds == 30)
                #expect(job.trainingType == .federated)
                #expect(job.model == "test/digits/30")
                #expect(job.rounds.allSatisfy { $0.contributors.count == 3 && $0.absent.isEmpty })
                #expect(job.rounds.allSatisfy { $0.bytesToEdges > 0 && $0.bytesFromEdges > 0 })
                let accuracy = try #require(job.rounds.last?.accuracy)
                let baseline = try #require(job.baselineAccuracy)
                #expect(accuracy >= baseline - 0.01, "federated \(accuracy), central \(baseline)")
                #expect(accuracy > 0.93)
                let models = try await cluster.must("get", "models", "-o", "name")
                #expect(models.split(separator: "\n").count == 30)
                manifests.append(try #require(job.rounds.last?.manifest))
                #expect(await cluster.stop() == [0, 0, 0, 0])
            }
            #expect(manifests[0] == manifests[1])
        }

        @Test func aFinishedJobSurvivesARestartAndGoesOnWithMoreRounds() async throws {
            let cluster = try await Cluster()
            try await cluster.startAll()
            try await cluster.apply(rounds: 2)
            let first = try await cluster.waitForJob()
            #expect(await cluster.stop() == [0, 0, 0, 0])
            try await cluster.startCore()
            #expect(try await cluster.job().rounds == first.rounds)
            for name in cluster.edgeNames { try await cluster.startEdge(name) }
            try await cluster.apply(rounds: 4)
            let more = try await cluster.waitForJob()
            #expect(more.completedRounds == 4)
            #expect(Array(more.rounds.prefix(2)) == first.rounds)
        }
    }
}

/// Everything that starts real processes, one test after the other: two cores are not many.
@Suite(.serialized) enum EndToEnd {}
