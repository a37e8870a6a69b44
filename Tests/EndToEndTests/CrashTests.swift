import Contracts
import Core
import Foundation
import TestKit
import Testing

extension EndToEnd {
    @Suite struct CrashTests {
        @Test func aRoundClosesWithoutAKilledEdgeWhichThenReturns() async throws {
            let cluster = try await Cluster()
            try await cluster.startAll()
            try await cluster.apply(rounds: 6, localEpochs: 4, deadline: 5)
            let victim = "edge-2"
            try await cluster.eventually("a round is open") {
                try await cluster.job().current?.state == "Training"
            }
            let round = try #require(try await cluster.job().current?.round)
            await cluster.killEdge(victim)
            try await cluster.eventually("the round closes without \(victim)") {
                try await cluster.job().rounds.contains { $0.absent.contains { $0.edge.text == victim } }
            }
            try await cluster.startEdge(victim)
            let job = try await cluster.waitForJob()
            let without = job.rounds.filter { $0.absent.contains { $0.edge.text == victim } }
            #expect(without.contains { $0.round == round || $0.round == round + 1 })
            #expect(without.allSatisfy { !$0.contributors.isEmpty && $0.absent.allSatisfy { !$0.reason.isEmpty } })
            #expect(job.rounds.last?.contributors.contains { $0.edge.text == victim } == true)
            #expect(job.completedRounds == 6)
        }

        @Test func aKilledCoreGoesOnAndEndsWithTheSameModel() async throws {
            let undisturbed = try await Cluster()
            try await undisturbed.startAll()
            try await undisturbed.apply(rounds: 6, localEpochs: 4)
            let expected = try await undisturbed.waitForJob()
            #expect(await undisturbed.stop() == [0, 0, 0, 0])

            let cluster = try await Cluster()
            try await cluster.startAll()
            try await cluster.apply(rounds: 6, localEpochs: 4)
            for committed in [1, 3] {
                try await cluster.eventually("round \(committed + 1) is open") {
                    let job = try await cluster.job()
                    return job.completedRounds >= committed && job.current?.state == "Training"
                }
                let before = try await cluster.job().rounds
                await cluster.killCore()
                try await cluster.startCore()
                let after = try await cluster.job().rounds
                #expect(after.prefix(before.count).map(\.manifest) == before.map(\.manifest))
            }
            let job = try await cluster.waitForJob()
            #expect(job.rounds.allSatisfy { $0.contributors.count == 3 })
            #expect(job.rounds.map(\.manifest) == expected.rounds.map(\.manifest))
        }

        @Test func aPausedJobSurvivesAKillAndIsResumed() async throws {
            let cluster = try await Cluster(edges: 2)
            try await cluster.startAll()
            try await cluster.apply(rounds: 12, localEpochs: 4)
            try await cluster.eventually("a round is committed") { try await cluster.job().completedRounds >= 1 }
            #expect(try await cluster.must("job", "pause", "digits") == "job/digits paused\n")
            let before = try await cluster.job()
            #expect(before.phase == .paused)
            await cluster.killCore()
            try await cluster.startCore()
            #expect(try await cluster.must("get", "jobs").contains("Paused"))
            try await cluster.must("wait", "job/digits", "--for", "paused", "--timeout", "10s")
            #expect(try await cluster.must("job", "resume", "job/digits") == "job/digits resumed\n")
            let after = try await cluster.waitForJob()
            #expect(after.completedRounds == 12)
            #expect(after.rounds.prefix(before.rounds.count).map(\.manifest) == before.rounds.map(\.manifest))
            let refused = try await cluster.gedge("job", "pause", "digits")
            #expect(refused.status != 0 && refused.standardError.contains("is over (Succeeded)"))
        }

        @Test func everythingKilledAtOnceGoesOnFromTheLastRound() async throws {
            let cluster = try await Cluster()
            try await cluster.startAll()
            try await cluster.apply(rounds: 5, localEpochs: 4)
            try await cluster.eventually("two rounds are committed") { try await cluster.job().completedRounds >= 2 }
            let before = try await cluster.job().rounds
            await cluster.killCore()
            for name in cluster.edgeNames { await cluster.killEdge(name) }
            try await cluster.startCore()
            for name in cluster.edgeNames { try await cluster.startEdge(name) }
            let job = try await cluster.waitForJob()
            #expect(job.completedRounds == 5)
            #expect(job.rounds.prefix(before.count).map(\.manifest) == before.map(\.manifest))
        }
    }
}
