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

/// Jobs that start from another job's model.
@Suite struct TransferTests {
    private static func text(
        _ rounds: Int, base: String = "test/points/2", frozen: String? = nil, hidden: String = "[200]",
        classes: Int = 3,
        compression: String? = nil
    ) -> String {
        Federation.document(rounds: rounds, deadline: 120, minimum: 3, compression: compression)
            .replacing("project: points, name: points", with: "project: adapted, name: adapted")
            .replacing("hidden: [200]", with: "hidden: \(hidden)").replacing("classes: 3", with: "classes: \(classes)")
            + "\n  transfer: {base: \(base)\(frozen.map { ", frozen: \($0)" } ?? "")}\n"
    }

    private static func model(_ manifest: Digest, _ bus: Bus) async throws -> [Tensor] {
        let transfer = ModelTransfer(bus: bus, trace: .none)
        return try await transfer.read(try await transfer.manifest(manifest))
    }

    private static func adapt(_ bus: Bus, _ text: String) async throws -> TrainingJobStatus {
        _ = try await bus.call(ResourceContract.apply(.trainingJob), ApplyRequest(text: text, source: "adapted.yaml"))
        return try await Federation.end(bus, "adapted")
    }

    /// The last layer of a trained network is learned anew, for more classes; the others stay and never come back.
    @Test(arguments: [nil, "int8"]) func theLastLayerIsLearnedOnFrozenOnes(compression: String?) async throws {
        let federation = try Federation()
        let (base, start, found, status) = try await federation.run { bus, _ in
            let base = try await Federation.train(bus, Federation.document(rounds: 2, deadline: 120, minimum: 3))
            let status = try await Self.adapt(bus, Self.text(3, classes: 5, compression: compression))
            return (
                try await Self.model(try #require(base.rounds.last).manifest, bus),
                try Network(units: [8, 200, 5], seed: 3),
                try await Self.model(try #require(status.rounds.last).manifest, bus), status
            )
        }
        #expect(status.phase == .succeeded)
        #expect(status.trainingType == .transfer)
        #expect(Array(found[..<2]) == Array(base[..<2]))
        // Of 9,600 bytes of model, 4,020 are the last layer's.
        for round in status.rounds {
            #expect(round.contributors.count == 3)
            for contribution in round.contributors { #expect(contribution.bytes < 5_000) }
        }
        // What the same training by hand comes to.
        var own = Array(start.parameters[2...].map(\.tensor))
        let total = Double(federation.data.values.reduce(0) { $0 + $1.count })
        for round in 1...3 {
            var sums = own.map { [Double](repeating: 0, count: $0.count) }
            for (edge, data) in federation.data {
                var local = start
                try local.load(
                    zip(start.parameters, base[..<2] + own).map { NamedTensor(name: $0.name, tensor: $1) })
                var options = TrainingOptions(
                    epochs: 2, batchSize: 10, optimizer: MomentumSGD(learningRate: 0.1, momentum: 0.9), seed: 3,
                    streams: ["\(round)", edge.text])
                options.frozen = ["dense0.weight", "dense0.bias"]
                try local.train(on: try data.withClasses(5), options: options)
                for (index, parameter) in local.parameters[2...].enumerated() {
                    let weight = Double(data.count) / total
                    sums[index] = zip(sums[index], parameter.tensor.values).map { $0 + weight * Double($1) }
                }
            }
            own = try zip(sums, own).map { try Tensor($0.map { Float($0) }, shape: $1.shape) }
        }
        for (mine, theirs) in zip(found[2...], own) {
            let difference = zip(mine.values, theirs.values).map { abs($0 - $1) }.max() ?? .infinity
            #expect(difference < (compression == nil ? 1e-4 : 0.05))
        }
    }

    @Test func theBaseModelMayGoOnceTheJobHasBegun() async throws {
        let status = try await Federation().run { bus, _ in
            _ = try await Federation.train(bus, Federation.document(rounds: 2, deadline: 120, minimum: 3))
            _ = try await Self.adapt(bus, Self.text(1))
            _ = try await bus.call(ResourceContract.delete(.trainingJob), ResourceName(name: "points"))
            return try await Self.adapt(bus, Self.text(3))
        }
        #expect(status.phase == .succeeded && status.completedRounds == 3)
    }

    @Test func whatDoesNotFitIsRefusedBeforeItRuns() async throws {
        try await Federation().run { bus, _ in
            _ = try await Federation.train(bus, Federation.document(rounds: 2, deadline: 120, minimum: 3))
            for (text, words) in [
                (Self.text(1, base: "test/points/9"), "spec.transfer.base: there is no model 'test/points/9'"),
                (
                    Self.text(1, hidden: "[100]"),
                    "'dense0.weight' of shape [8, 100] is frozen, but model 'test/points/2' has it"
                ),
                (Self.text(1, frozen: "[]", hidden: "[7]", classes: 9), "gives no tensor of the job's model"),
            ] {
                await #expect {
                    _ = try await bus.call(
                        ResourceContract.apply(.trainingJob), ApplyRequest(text: text, source: "adapted.yaml"))
                } throws: { "\($0)".contains(words) }
            }
        }
    }

    @Test(arguments: [
        ("{base: test/points}", "spec.transfer.base must be a model, such as demo/digits/20, not 'test/points'"),
        ("{base: test/points/0}", "spec.transfer.base must be a model"),
        ("{base: test/points/1, frozen: [dense2]}", "names no tensor or layer: 'dense2'; did you mean 'dense"),
        ("{base: test/points/1, frozen: [dense0, dense1]}", "leaves nothing to learn together"),
    ]) func mistakesAreNamedWithTheirPlace(transfer: String, words: String) {
        #expect {
            try TrainingJobDocument.read(
                Federation.document(rounds: 1) + "\n  transfer: \(transfer)\n", source: "job.yaml")
        } throws: { "\($0)".contains(words) && "\($0)".contains("job.yaml:") }
    }

    @Test func aTypeThatTheRestContradictsIsRefused() {
        let document = Federation.document(rounds: 1) + "\n  trainingType: transfer\n"
        #expect { try TrainingJobDocument.read(document, source: "job.yaml") } throws: {
            "\($0)".contains("spec.trainingType is 'transfer', but a transfer job needs spec.transfer.base")
        }
    }
}
