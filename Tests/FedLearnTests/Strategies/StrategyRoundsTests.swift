import Contracts
import Core
import DataSync
import MessageBus
import Tensor
import TestKit
import Testing

@testable import FedLearn

/// Strategies in whole rounds: from the job's text over coordinator and clients to the next model.
@Suite struct StrategyRoundsTests {
    private static func values(_ digest: Digest, _ bus: Bus) async throws -> [Float] {
        let manifest = try await bus.call(DataSyncContract.manifest, ManifestRequest(digest: digest)).body
        return try await ModelTransfer(bus: bus, trace: .none).read(manifest).flatMap(\.values)
    }

    @Test(arguments: StrategyCatalogue.standard.kinds) func aJobLearnsUnderEveryStrategy(kind: String) async throws {
        let federation = try Federation(edges: 7)
        // L = 1 / learning rate is meant for one step a round; these clients take dozens.
        let strategy = kind == "qfedavg" ? "qfedavg, lipschitz: 1" : kind
        let status = try await federation.run { bus, _ in
            try await Federation.train(
                bus,
                Federation.document(rounds: 2, deadline: 120, minimum: 7, learningRate: 0.05, strategy: strategy)
                    .replacing(
                        "batchSize: 10", with: kind == "scaffold" ? "momentum: 0, batchSize: 10" : "batchSize: 10"))
        }
        #expect(status.phase == .succeeded, "\(status.conditions)")
        let last = try #require(status.rounds.last)
        #expect(last.contributors.count == 7)
        #expect(last.contributors.allSatisfy { ($0.norm ?? 0) > 0 })
        #expect((last.accuracy ?? 0) > 0.6, "\(last.accuracy ?? 0)")
    }

    /// What a strategy keeps is stored with the round: a job that is stopped and goes on elsewhere makes the same models.
    @Test(arguments: ["fedavgm", "fedadagrad", "fedadam", "fedyogi"])
    func stateOutlivesARestart(kind: String) async throws {
        let text: @Sendable (Int) -> String = {
            Federation.document(rounds: $0, deadline: 120, minimum: 3, strategy: kind)
        }
        let whole = try await Federation().run { bus, _ in try await Federation.train(bus, text(4)) }
        let federation = try Federation()
        _ = try await federation.run { bus, _ in try await Federation.train(bus, text(2)) }
        let resumed = try await federation.run { bus, _ in try await Federation.train(bus, text(4)) }
        #expect(resumed.rounds.map(\.manifest) == whole.rounds.map(\.manifest))
        #expect(resumed.rounds.map(\.state) == whole.rounds.map(\.state))
        #expect(whole.rounds.allSatisfy { $0.state?.isEmpty == false })
        // Only the last round's is kept.
        let core = try await Federation.Member(
            .core, .fedLearnCoordinator, directory: federation.directory.file("core"), context: BusContext())
        let held = try await core.dataSync.references(prefix: "fedlearn/").filter { $0.contains("/state/") }
        #expect(
            held.count == whole.rounds.last?.state?.count && held.allSatisfy { $0.contains("/4/state/") }, "\(held)")
    }

    /// FedProx with a large factor stays nearer to the model it started from; the other kinds do not ask the clients for it.
    @Test func theProximalTermReachesTheClients() async throws {
        func distance(_ strategy: String) async throws -> Double {
            let status = try await Federation().run { bus, _ in
                try await Federation.train(
                    bus,
                    Federation.document(rounds: 1, deadline: 120, minimum: 3, learningRate: 0.01, strategy: strategy))
            }
            return try #require(status.rounds.first).contributors.reduce(0) { $0 + ($1.norm ?? 0) }
        }
        let (free, none, held) =
            (try await distance("fedavg"), try await distance("fedprox, mu: 0"), try await distance("fedprox, mu: 5"))
        #expect(none == free)
        #expect(held < 0.8 * free, "\(held) against \(free)")
    }

    /// Why an edge was left out is in the database before its round is committed.
    @Test func reasonsOutliveARestart() async throws {
        let federation = try Federation()
        let core = try await Federation.Member(
            .core, .fedLearnCoordinator, directory: federation.directory.file("core"), context: BusContext())
        let storage = JobStorage(database: core.database)
        let document = try TrainingJobDocument.read(Federation.document(rounds: 2), source: "job.yaml")
        let base = try #require(Digest(hex: String(repeating: "0", count: 64)))
        let job = Job(
            uid: "u", created: Timestamp(milliseconds: 1), document: document,
            header: JobHeader(
                phase: .running, conditions: [], placement: nil, initialManifest: base, baselineAccuracy: nil,
                traceID: .none), rounds: [])
        try await storage.insert(job)
        let (first, second) = (try Name("edge-1"), try Name("edge-2"))
        try await storage.begin(
            OpenRound(round: 1, participants: [first, second], base: base, started: job.created), of: job)
        let reference = job.reference(round: 1)
        var update = try ModelShelf.update(1, samples: 3, steps: 4, baseLoss: 0.25)
        #expect(try await storage.count(update, in: reference))
        update.edge = second
        update.baseLoss = nil
        #expect(try await storage.count(update, in: reference))
        #expect(try await storage.updates(in: reference).map(\.baseLoss) == [0.25, nil])
        try await storage.close(reference, absences: [second: "late"])
        try await storage.discard([first: "NaN"], in: reference, reopening: true)
        #expect(try await storage.absences(in: reference) == [first: "NaN", second: "late"])
        #expect(try await storage.updates(in: reference).map(\.steps) == [4])
    }
}
