import Contracts
import Core
import DataSync
import Datasets
import MessageBus
import NeuralNet
import Store
import Tensor
import TestKit
import Testing

@testable import FedLearn

@Suite struct FederationTests {
    /// Federated averaging written down once more, without bus, store or shards, from the paper's formula.
    @Test func roundsEqualAnIndependentAveraging() async throws {
        let federation = try Federation()
        let rounds = 3
        let status = try await federation.run { bus, _ in
            let status = try await Federation.train(bus, Federation.document(rounds: rounds))
            let manifest = try await bus.call(
                DataSyncContract.manifest, ManifestRequest(digest: try #require(status.rounds.last).manifest)
            ).body
            #expect(manifest.shards.count > manifest.tensors.count)
            let tensors = try await ModelTransfer(bus: bus, trace: .none).read(manifest)
            return (status, tensors)
        }
        var global = try Network(units: [8, 200, 3], seed: 3)
        for round in 1...rounds {
            var sum: [String: [Double]] = [:]
            let total = federation.data.values.reduce(0) { $0 + $1.count }
            for (edge, data) in federation.data {
                var local = global
                try local.train(
                    on: data,
                    options: TrainingOptions(
                        epochs: 2, batchSize: 10, optimizer: MomentumSGD(learningRate: 0.1, momentum: 0.9), seed: 3,
                        streams: ["\(round)", edge.text]))
                let weight = Double(data.count) / Double(total)
                for parameter in local.parameters {
                    let values = parameter.tensor.values.map { Double($0) * weight }
                    sum[parameter.name] = zip(sum[parameter.name] ?? values.map { _ in 0 }, values).map(+)
                }
            }
            try global.load(
                global.parameters.map { old in
                    NamedTensor(
                        name: old.name,
                        tensor: try Tensor((sum[old.name] ?? []).map { Float($0) }, shape: old.tensor.shape))
                })
        }
        for (expected, found) in zip(global.parameters, status.1) {
            let difference = zip(expected.tensor.values, found.values).map { abs($0 - $1) }.max() ?? .infinity
            #expect(difference < 1e-4, "\(expected.name) differs by \(difference)")
        }
        let accuracy = try global.evaluate(on: federation.test).accuracy
        #expect(abs(accuracy - (status.0.rounds.last?.accuracy ?? 0)) < 0.011)
        #expect(accuracy > 0.7)
    }

    @Test func theSameSeedGivesTheSameBits() async throws {
        var manifests: [[Digest]] = []
        for _ in 1...2 {
            let status = try await Federation().run { bus, _ in
                try await Federation.train(bus, Federation.document(rounds: 4))
            }
            manifests.append(status.rounds.map(\.manifest))
        }
        #expect(manifests[0] == manifests[1] && manifests[0].count == 4)
        #expect(Set(manifests[0]).count == 4)
    }

    @Test func aFinishedJobGoesOnWhenItsRoundsAreRaised() async throws {
        let federation = try Federation()
        let first = try await federation.run { bus, _ in
            try await Federation.train(bus, Federation.document(rounds: 2))
        }
        // Another process on the same state.
        let (more, refused) = try await federation.run { bus, _ in
            let status = try await Federation.train(bus, Federation.document(rounds: 4))
            var refused = ""
            do {
                _ = try await Federation.train(bus, Federation.document(rounds: 4, learningRate: 0.2))
            } catch { refused = "\(error)" }
            return (status, refused)
        }
        #expect(more.rounds.map(\.round) == [1, 2, 3, 4])
        #expect(Array(more.rounds.prefix(2)) == first.rounds)
        #expect(refused.contains("only labels, spec.sync, spec.placement, spec.target and spec.rounds"))
    }

    /// A job may name the policy under which it moves, and change it later; one that there is not is refused.
    @Test func aJobNamesItsPolicy() async throws {
        let federation = try Federation()
        let known = try Name("quiet")
        try await federation.run { (bus: Bus, _) async throws -> Void in
            bus.handle(SyncPolicyContract.exists) { (request: Inbound<PolicyName>) -> PolicyExistence in
                PolicyExistence(exists: request.body.name == known, known: [known])
            }
            let text = Federation.document(rounds: 1)
            func apply(_ policy: String) async throws -> ApplyOutcome {
                let request = ApplyRequest(text: text + "\n  sync: \(policy)", source: "job.yaml", isDryRun: true)
                return try await bus.call(ResourceContract.apply(.trainingJob), request).body.outcome
            }
            await #expect { try await apply("quite") } throws: {
                ($0 as? any ModuleError)?.message.contains("did you mean 'quiet'?") == true
            }
            #expect(try await apply("quiet") == .created)
            _ = try await Federation.train(bus, text)
            #expect(try await apply("quiet") == .configured)
        }
    }

    @Test func namesThatMeanNothingAreToldBeforeTheJobIsMade() async throws {
        let federation = try Federation()
        let text =
            Federation.document(rounds: 3)
            .replacing("{minimum: 1}", with: "{minimum: 1, edges: [edge-1, egde-2, far-away]}")
            + "\n  placement: {apartFrom: [points]}"
        let notes = try await federation.run { core, _ in
            try await core.call(
                ResourceContract.apply(.trainingJob), ApplyRequest(text: text, source: "test.yaml", isDryRun: true)
            ).body.notes
        }
        #expect(
            notes?.prefix(3) == [
                "warning: spec.clients.edges names edge 'egde-2', which the core does not know; did you mean 'edge-2'?",
                "warning: spec.clients.edges names edge 'far-away', which the core does not know; the known edges are "
                    + "edge-1, edge-2, edge-3",
                "warning: spec.placement.apartFrom names job 'points', which the core does not know; there are no jobs yet",
            ])
    }

    @Test func aFailedJobIsTriedAgainWhenItIsAppliedAgain() async throws {
        let federation = try Federation()
        let failed = try await federation.run(coreHasData: false) { bus, _ in
            try await Federation.train(bus, Federation.document(rounds: 2))
        }
        #expect(failed.phase == .failed)
        #expect(failed.conditions.contains { $0.message.contains("no data set 'test'") })
        let mended = try await federation.run { bus, _ in
            try await Federation.train(bus, Federation.document(rounds: 2))
        }
        #expect(mended.phase == .succeeded && mended.completedRounds == 2)
    }

    @Test func everyModelIsKeptAndEveryUpdateIsReleased() async throws {
        let federation = try Federation()
        _ = try await federation.run { bus, _ in try await Federation.train(bus, Federation.document(rounds: 3)) }
        let core = try await Federation.Member(
            .core, .fedLearnCoordinator, directory: federation.directory.file("core"), context: BusContext())
        let names = try await core.database.read { connection in
            try connection.query("SELECT DISTINCT owner FROM datasync_references ORDER BY owner") { try $0.string(0) }
        }
        #expect(names.count == 4 && names.allSatisfy { $0.hasSuffix("/global") }, "\(names)")
    }
}
