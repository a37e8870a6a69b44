import Contracts
import Core
import DataSync
import Datasets
import Foundation
import MessageBus
import NeuralNet
import Synchronization
import Tensor
import TestKit
import Testing

@testable import FedLearn

/// SCAFFOLD with real edges: what they keep, and what comes of it.
@Suite struct ScaffoldTests {
    private static func text(_ rounds: Int, more: String = "") -> String {
        Federation.document(rounds: rounds, deadline: 120, minimum: 2, learningRate: 0.05, strategy: "scaffold")
            .replacing("batchSize: 10", with: "momentum: 0, batchSize: 10")
            .replacing("clients: {minimum: 2}", with: "clients: {minimum: 2\(more)}")
    }

    /// Algorithm 1 of the paper with option II, in doubles, every client's control variate written out.
    private static func models(_ data: [Name: LabelledData], rounds: Int) throws -> [[Double]] {
        let initial = try Network(units: [8, 200, 3], seed: 3)
        var model = initial.parameters.map { $0.tensor.values.map(Double.init) }
        let zeros = model.map { [Double](repeating: 0, count: $0.count) }
        var common = zeros
        var own = data.mapValues { _ in zeros }
        func tensor(_ values: [Double], _ index: Int) throws -> Tensor {
            try Tensor(values.map { Float($0) }, shape: initial.parameters[index].tensor.shape)
        }
        for round in 1...rounds {
            var (moves, changes) = (zeros, zeros)
            let edges = data.keys.sorted()
            for edge in edges {
                let (samples, control) = (try #require(data[edge]), try #require(own[edge]))
                var local = initial
                try local.load(
                    try initial.parameters.enumerated().map {
                        NamedTensor(name: $1.name, tensor: try tensor(model[$0], $0))
                    })
                var options = TrainingOptions(
                    epochs: 2, batchSize: 10, optimizer: MomentumSGD(learningRate: 0.05, momentum: 0), seed: 3,
                    streams: ["\(round)", edge.text])
                for (index, parameter) in initial.parameters.enumerated() {
                    options.correction[parameter.name] = try tensor(
                        zip(common[index], control[index]).map { $0 - $1 }, index)
                }
                let steps = Double(try local.train(on: samples, options: options).steps)
                for (index, parameter) in local.parameters.enumerated() {
                    let trained = parameter.tensor.values.map(Double.init)
                    for i in trained.indices {
                        let next =
                            control[index][i] - common[index][i] + (model[index][i] - trained[i]) / (steps * 0.05)
                        changes[index][i] += (next - control[index][i]) / Double(edges.count)
                        moves[index][i] += (trained[i] - model[index][i]) / Double(edges.count)
                        own[edge]?[index][i] = next
                    }
                }
            }
            for index in model.indices {
                for i in model[index].indices {
                    model[index][i] += moves[index][i]
                    common[index][i] += changes[index][i]
                }
            }
        }
        return model
    }

    private static func model(_ status: TrainingJobStatus, _ bus: Bus) async throws -> [Tensor] {
        let transfer = ModelTransfer(bus: bus, trace: .none)
        return try await transfer.read(try await transfer.manifest(try #require(status.rounds.last).manifest))
    }

    private static func expectNear(_ found: [Tensor], _ expected: [[Double]]) {
        for (mine, theirs) in zip(found, expected) {
            let worst = zip(mine.values, theirs).map { abs(Double($0) - $1) }.max() ?? .infinity
            #expect(worst < 1e-4)
        }
    }

    @Test func edgesCorrectTheirStepsAsThePaperSays() async throws {
        let federation = try Federation()
        let model = try await federation.run { bus, _ in
            try await Self.model(try await Federation.train(bus, Self.text(4)), bus)
        }
        Self.expectNear(model, try Self.models(federation.data, rounds: 4))
    }

    /// An edge that is never counted changes nothing, whatever it keeps.
    @Test func whoIsNotCountedChangesNoControlVariate() async throws {
        let federation = try Federation()
        let model = try await federation.run { bus, _ in
            let status = try await Federation.train(bus, Self.text(4, more: ", maximumSamples: 100"))
            #expect(status.rounds.allSatisfy { $0.absent.map(\.edge.text) == ["edge-3"] })
            return try await Self.model(status, bus)
        }
        Self.expectNear(
            model, try Self.models(federation.data.filter { $0.key.text != "edge-3" }, rounds: 4))
    }

    /// Everything is killed between rounds; both sides go on with the control variates of what was counted.
    @Test func aJobThatGoesOnHasTheSameModels() async throws {
        let whole = try await Federation().run { bus, _ in try await Federation.train(bus, Self.text(5)) }
        let federation = try Federation()
        _ = try await federation.run { bus, _ in try await Federation.train(bus, Self.text(2)) }
        let resumed = try await federation.run { bus, _ in try await Federation.train(bus, Self.text(5)) }
        #expect(resumed.rounds.map(\.manifest) == whole.rounds.map(\.manifest))
        let paused = try Federation()
        let status = try await paused.run { bus, _ in
            _ = try await bus.call(
                ResourceContract.apply(.trainingJob), ApplyRequest(text: Self.text(5), source: "test.yaml"))
            for _ in 0..<8 {
                try await Task.sleep(for: .milliseconds(60))
                do {
                    for action in [JobControl.Action.pause, .resume] {
                        _ = try await bus.call(
                            FedLearnContract.control, JobControl(job: try Name("points"), action: action))
                    }
                } catch { break }  // It has ended.
            }
            return try await Federation.end(bus)
        }
        #expect(status.rounds.map(\.manifest) == whole.rounds.map(\.manifest))
    }

    /// The example's digits, of which each client has few labels: corrected, many local steps lead further.
    @Test func unlikeClientsLearnFasterThanByAveraging() async throws {
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent()
        let data = try DatasetSource(
            path: root.appendingPathComponent("data/digits/digits.csv").path, scale: .factor(1.0 / 16), classes: 10
        ).load()
        let (train, test) = try data.holdout(fraction: 0.2, seed: 7)
        let parts = try train.split(into: 10, by: .dirichlet(alpha: 0.1, proportions: nil), seed: 7)
        var (features, labels, shares) = ([Float](), [Int32](), [[Int]]())
        for part in parts {
            shares.append(Array(labels.count..<labels.count + part.count))
            features += part.features
            labels += part.labels
        }
        let pooled = try LabelledData(features: features, labels: labels, featureCount: 64, classCount: 10)
        let example = try String(
            contentsOf: root.appendingPathComponent("examples/digits-scaffold.yaml"), encoding: .utf8)
        func loss(_ strategy: String) async throws -> Double {
            let text = example.replacing("kind: scaffold", with: "kind: \(strategy)")
                .replacing("rounds: 20", with: "rounds: 10")
            let last = Mutex(Double.nan)
            _ = try await Simulation(job: text, source: "job.yaml").run(
                on: pooled, shares: shares, test: test, settings: .init(threads: 1)
            ) { event in
                if case .finished(let round) = event { last.withLock { $0 = round.loss ?? .nan } }
            }
            return last.withLock { $0 }
        }
        let (corrected, averaged) = (try await loss("scaffold"), try await loss("fedavg"))
        #expect(corrected < 0.85 * averaged, "\(corrected) against \(averaged)")
    }

    /// What an edge goes on from is what it kept of the round that the core names, not of a later one that was not counted.
    @Test func anEdgeGoesOnFromWhatWasCounted() async throws {
        let federation = try Federation(edges: 1)
        try await federation.run { (_: Bus, members) async throws -> Void in
            let storage = UpdateStorage(database: try #require(members.values.first).database)
            let digests = try (1...3).map { try #require(Digest(hex: String(repeating: "\($0)", count: 64))) }
            func reference(_ round: Int) throws -> RoundReference {
                RoundReference(jobUID: "uid", job: try Name("points"), round: round)
            }
            for (index, digest) in digests.enumerated() {
                let notice = UpdateNotice(
                    reference: try reference(index + 1), manifest: digest, samples: 1, loss: 0, trainSeconds: 0,
                    fetchedBytes: 0)
                try await storage.save(notice, base: digest, personal: digest)
            }
            #expect(try await storage.personal(for: try reference(4))?.round == 3)
            #expect(try await storage.personal(for: try reference(4), at: 2)?.manifest == digests[1])
            #expect(try await storage.personal(for: try reference(4), at: 0) == nil)
            try await storage.forgetPersonal(job: "uid", but: [1, 3])
            #expect(try await storage.personal(for: try reference(4), at: 2) == nil)
            #expect(try await storage.personal(for: try reference(4), at: 1)?.round == 1)
        }
    }

    @Test(arguments: [
        ("momentum: 0", "momentum: 0.9", "say spec.optimizer.momentum: 0"),
        ("momentum: 0", "kind: adam", "is defined for plain steps"),
        (
            "  seed: 3", "  seed: 3\n  compression: {kind: int8}",
            "spec.compression does not go with strategy 'scaffold'"
        ),
        ("  seed: 3", "  seed: 3\n  privacy: {clip: 1, noise: 1}", "needs more of the updates than their mean"),
    ]) func whatDoesNotGoWithItIsRefused(old: String, new: String, words: String) {
        #expect {
            try TrainingJobDocument.read(Self.text(1).replacing(old, with: new), source: "job.yaml")
        } throws: { "\($0)".contains(words) }
    }
}
