import Contracts
import Core
import DataSync
import Datasets
import MessageBus
import NeuralNet
import Tensor
import TestKit
import Testing

@testable import FedLearn

/// Layers that each edge keeps to itself.
@Suite struct PersonalTests {
    private static func text(_ rounds: Int) -> String {
        Federation.document(rounds: rounds, deadline: 120, minimum: 3, personal: "[dense1]")
    }

    /// The same with plain networks: the first layer is averaged, the second goes on where its own edge left it.
    @Test func sharedLayersAreAveragedAndPersonalOnesAreNot() async throws {
        let federation = try Federation()
        let rounds = 3
        let (found, held, status) = try await federation.run { bus, members in
            let status = try await Federation.train(bus, Self.text(rounds))
            let manifest = try await bus.call(
                DataSyncContract.manifest, ManifestRequest(digest: try #require(status.rounds.last).manifest)
            ).body
            let global = try await ModelTransfer(bus: bus, trace: .none).read(manifest)
            var held: [Name: [Tensor]] = [:]
            for (edge, member) in members {
                let storage = UpdateStorage(database: member.database)
                let uid = try #require(
                    try await bus.call(ResourceContract.get(.trainingJob), ResourceQuery(name: "points")).body.items
                        .first?.metadata.uid)
                let own = try #require(
                    try await storage.personal(
                        for: RoundReference(jobUID: uid, job: try Name("points"), round: rounds + 1)))
                #expect(own.round == rounds)
                let transfer = ModelTransfer(bus: member.bus, trace: .none)
                held[edge] = try await transfer.read(try await transfer.manifest(own.manifest))
                // No more than the last two rounds', and still there though the job has ended.
                let references = try await transfer.references(Job.personalReferences)
                #expect(references == [2, 3].map { Job.personalReference(uid, round: $0) })
            }
            return (global, held, status)
        }
        let initial = try Network(units: [8, 200, 3], seed: 3)
        var shared = Array(initial.parameters.map(\.tensor)[..<2])
        var own = federation.data.mapValues { _ in Array(initial.parameters.map(\.tensor)[2...]) }
        let total = Double(federation.data.values.reduce(0) { $0 + $1.count })
        for round in 1...rounds {
            var sums = shared.map { [Double](repeating: 0, count: $0.count) }
            for (edge, data) in federation.data {
                var local = initial
                let tensors = shared + (own[edge] ?? [])
                try local.load(zip(initial.parameters, tensors).map { NamedTensor(name: $0.name, tensor: $1) })
                try local.train(
                    on: data,
                    options: TrainingOptions(
                        epochs: 2, batchSize: 10, optimizer: MomentumSGD(learningRate: 0.1, momentum: 0.9), seed: 3,
                        streams: ["\(round)", edge.text]))
                let trained = local.parameters.map(\.tensor)
                own[edge] = Array(trained[2...])
                for index in sums.indices {
                    let weight = Double(data.count) / total
                    sums[index] = zip(sums[index], trained[index].values).map { $0 + weight * Double($1) }
                }
            }
            shared = try zip(sums, shared).map { try Tensor($0.map { Float($0) }, shape: $1.shape) }
        }
        func difference(_ left: Tensor, _ right: Tensor) -> Float {
            zip(left.values, right.values).map { abs($0 - $1) }.max() ?? .infinity
        }
        for index in 0..<2 { #expect(difference(found[index], shared[index]) < 1e-4) }
        for index in 2..<4 { #expect(found[index] == initial.parameters[index].tensor) }
        for (edge, tensors) in own {
            let kept = try #require(held[edge])
            for (mine, theirs) in zip(kept, tensors) { #expect(difference(mine, theirs) < 1e-4) }
            #expect(difference(kept[0], initial.parameters[2].tensor) > 0.01)
        }
        #expect(status.phase == .succeeded)
    }

    @Test func aJobThatGoesOnAfterItsEndHasTheSameModels() async throws {
        let whole = try await Federation().run { bus, _ in try await Federation.train(bus, Self.text(4)) }
        let federation = try Federation()
        _ = try await federation.run { bus, _ in try await Federation.train(bus, Self.text(2)) }
        let resumed = try await federation.run { bus, _ in try await Federation.train(bus, Self.text(4)) }
        #expect(resumed.rounds.map(\.manifest) == whole.rounds.map(\.manifest))
    }

    /// Nothing of a job that was deleted stays at an edge, once it connects.
    @Test func whatIsPersonalGoesWithItsJob() async throws {
        let federation = try Federation()
        _ = try await federation.run { bus, _ in try await Federation.train(bus, Self.text(1)) }
        try await federation.run { (bus: Bus, members) async throws -> Void in
            _ = try await bus.call(ResourceContract.delete(.trainingJob), ResourceName(name: "points"))
        }
        try await federation.run { (bus: Bus, members) async throws -> Void in
            for member in members.values {
                while try await !member.dataSync.references(prefix: "fedlearn").isEmpty {
                    try await Task.sleep(for: .milliseconds(2))
                }
            }
        }
    }

    @Test func aNameOfNothingIsRefused() {
        for (names, words) in [
            ("[dense2]", "names no tensor or layer: 'dense2'; did you mean 'dense"),
            ("[dense0, dense1]", "leaves nothing to learn together"),
        ] {
            #expect {
                try TrainingJobDocument.read(Federation.document(rounds: 1, personal: names), source: "job.yaml")
            } throws: {
                "\($0)".contains("spec.model.personal \(words)")
            }
        }
    }
}
