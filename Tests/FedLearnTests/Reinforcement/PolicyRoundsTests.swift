import Contracts
import Core
import DataSync
import Foundation
import MessageBus
import NeuralNet
import Synchronization
import Tensor
import Testing

@testable import FedLearn

/// Whole reinforcement jobs in one process.
@Suite struct PolicyRoundsTests {
    private final class Rounds: Sendable {
        private let all = Mutex<[Simulation.Round]>([])

        var returns: [Double] { all.withLock { $0.compactMap(\.meanReturn) } }

        func add(_ event: Simulation.Event) {
            if case .finished(let round) = event { all.withLock { $0.append(round) } }
        }
    }

    /// A job that `examples` has.
    private static func example(_ name: String) throws -> String {
        let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent(
            "../../../examples")
        return try String(contentsOf: folder.appendingPathComponent(name), encoding: .utf8)
    }

    /// A job under the name that `Federation` waits for.
    static func document(
        rounds: Int, strategy: String = "fedavg", compression: String = "none", slip: Double = 0,
        personal: String = "[]", rest: String = ""
    ) -> String {
        """
        apiVersion: gedge/v1
        kind: TrainingJob
        metadata: {group: test, project: points, name: points}
        spec:
          environment: {kind: gridworld, map: [S.., "#..", G..], slip: \(slip), maximumSteps: 40}
          model: {kind: perceptron, hidden: [12], personal: \(personal)}
          rounds: \(rounds)
          strategy: {kind: \(strategy)}
          reinforcement: {steps: 120, environments: 3, evaluationEpisodes: 12}
          compression: {kind: \(compression)}
          clients: {minimum: 3}
          roundDeadlineSeconds: 120
          seed: 3\(rest.isEmpty ? "" : "\n  \(rest)")
        """
    }

    @Test func threeEdgesSolveCartPole() async throws {
        let rounds = Rounds()
        let policy = try await Simulation(job: Self.example("cartpole.yaml"), source: "cartpole.yaml").run(
            clients: 3, settings: .init(threads: 2)
        ) { rounds.add($0) }
        let returns = rounds.returns
        #expect(returns.last ?? 0 >= 475, "\(returns)")
        // Not by what it began with.
        #expect(returns.first ?? 500 < 475, "\(returns)")
        // Nor only in the episodes that the core judges by.
        var network = try Network(units: [4, 64, 3], seed: 0)
        try network.load(policy)
        let others = PolicyJudge(environment: EnvironmentSpec(kind: .cartPole), episodes: 100, seed: 12_345)
        #expect(try others.meanReturn(of: network) >= 475)
    }

    @Test func threeEdgesFindTheShortestWay() async throws {
        let rounds = Rounds()
        _ = try await Simulation(job: Self.example("gridworld.yaml"), source: "gridworld.yaml").run(
            clients: 3, settings: .init(threads: 2)
        ) { rounds.add($0) }
        // Eleven steps before the one that reaches the goal.
        #expect(abs((rounds.returns.last ?? 0) - (1 - 0.11)) < 1e-9, "\(rounds.returns)")
        #expect(rounds.returns.first ?? 1 < 0.5, "\(rounds.returns)")
    }

    @Test(arguments: [
        ("fedavg", "none", 0.0, "[]"), ("fedadam", "int8", 0.2, "[dense1]"), ("median", "fp16", 0, "[]"),
        ("fedprox, mu: 1", "none", 0.1, "[dense0.bias]"),
    ])
    func edgesAndTheirSimulationComeToTheSamePolicies(
        strategy: String, compression: String, slip: Double, personal: String
    ) async throws {
        let text = Self.document(
            rounds: 3, strategy: strategy, compression: compression, slip: slip, personal: personal)
        // Their data is not asked for.
        let (status, values) = try await Federation().run(coreHasData: false) { bus, _ in
            let status = try await Federation.train(bus, text)
            let digest = try #require(status.rounds.last?.manifest)
            let manifest = try await bus.call(DataSyncContract.manifest, ManifestRequest(digest: digest)).body
            return (status, try await ModelTransfer(bus: bus, trace: .none).read(manifest).flatMap(\.values))
        }
        #expect(status.phase == .succeeded && status.trainingType == .reinforcement)
        let rounds = Rounds()
        let model = try await Simulation(job: text, source: "job.yaml").run(clients: 3) { rounds.add($0) }
        #expect(model.flatMap(\.tensor.values) == values)
        #expect(status.rounds.map(\.meanReturn) == rounds.returns)
        for round in status.rounds {
            #expect(round.episodes == 12 && round.accuracy == nil && round.contributors.count == 3)
            for part in round.contributors {
                #expect(part.samples == 120 && part.loss >= 0)
                #expect((1...120).contains(part.episodes ?? 0))
                #expect((-0.41...1).contains(part.meanReturn ?? 9))
            }
        }
    }

    /// The noise is not from the seed, so that the models differ; what is told of them does not.
    @Test func aPolicyCanBePrivate() async throws {
        let text = Self.document(rounds: 2, rest: "privacy: {clip: 1, noise: 0.1}")
        let status = try await Federation().run(coreHasData: false) { bus, _ in
            try await Federation.train(bus, text)
        }
        #expect(status.phase == .succeeded)
        #expect(status.rounds.allSatisfy { $0.privacy != nil && $0.meanReturn != nil })
    }

    @Test func jobsOfTheOneKindAreNotSimulatedAsTheOther() async throws {
        let policies = try Simulation(job: Self.document(rounds: 1), source: "job.yaml")
        let federation = try Federation()
        await #expect {
            try await policies.run(on: federation.test, shares: [[0, 1, 2]])
        } throws: {
            "\($0)".contains("its clients need no data")
        }
        let data = try Simulation(job: Federation.document(rounds: 1), source: "job.yaml")
        await #expect {
            try await data.run(clients: 3)
        } throws: {
            "\($0)".contains("its clients need data")
        }
    }

    @Test func whatAnEdgeSaysOfItsActingMustBePossible() throws {
        let document = try TrainingJobDocument.read(Self.document(rounds: 1), source: "job.yaml")
        let zero = try #require(Digest(hex: String(repeating: "0", count: 64)))
        let job = Job(
            uid: "u", created: Timestamp(milliseconds: 1), document: document,
            header: JobHeader(
                phase: .running, conditions: [], placement: nil, initialManifest: zero, baselineAccuracy: nil,
                traceID: .none), rounds: [])
        func lie(_ change: (inout UpdateNotice) -> Void) throws -> String? {
            var notice = UpdateNotice(
                reference: job.reference(round: 1), manifest: zero, samples: 120, loss: 1, trainSeconds: 1,
                fetchedBytes: 0, steps: 6)
            (notice.meanReturn, notice.episodes) = (0.5, 3)
            change(&notice)
            return job.lie(in: notice, from: try Name("edge-1"), duties: ClientDuties())
        }
        #expect(try lie { _ in } == nil)
        #expect(try lie { ($0.meanReturn, $0.episodes) = (nil, 0) } == nil)
        #expect(try lie { $0.samples = 121 }?.contains("acted 121 steps; a round of the job has 120") == true)
        #expect(try lie { $0.episodes = 121 }?.contains("121 episodes ended in 120 steps") == true)
        #expect(try lie { $0.episodes = -1 }?.contains("-1 episodes") == true)
        #expect(try lie { $0.meanReturn = .nan }?.contains("mean return of nan") == true)
        #expect(try lie { $0.steps = 7 }?.contains("it claims 7 steps") == true)
    }

    /// What edges of an earlier version wrote can be read, and they are told of no data they would look for.
    @Test func whatPoliciesAddIsOptional() throws {
        let decoder = JSONDecoder()
        var notice = UpdateNotice(
            reference: RoundReference(jobUID: "u", job: try Name("j"), round: 1),
            manifest: try #require(Digest(hex: String(repeating: "0", count: 64))), samples: 1, loss: 0,
            trainSeconds: 0, fetchedBytes: 0)
        let old = try JSONEncoder().encode(notice)
        #expect(!String(decoding: old, as: UTF8.self).contains("meanReturn"))
        #expect(try decoder.decode(UpdateNotice.self, from: old) == notice)
        notice.meanReturn = 3
        #expect(try decoder.decode(UpdateNotice.self, from: JSONEncoder().encode(notice)).meanReturn == 3)
    }
}
