import Datasets
import Foundation
import TestKit
import Testing

@testable import NeuralNet
@testable import Tensor

/// Every layer, gradient and optimiser against PyTorch's results in float64, which `Tests/peers/torch_vectors.py` writes.
@Suite struct TorchVectorTests {
    private static let steps = 5

    private struct Vectors {
        let tensors: [String: Tensor]
        let data: LabelledData

        init(_ path: String, classes: Int) throws {
            tensors = Dictionary(uniqueKeysWithValues: try Safetensors.read(path).map { ($0.name, $0.tensor) })
            let features = try #require(tensors["features"])
            data = try LabelledData(
                features: features.values, labels: try #require(tensors["labels"]).values.map { Int32($0) },
                featureCount: features.columns, classCount: classes)
        }

        /// The tensors whose names begin with `prefix`, by the rest of their names.
        func state(_ prefix: String) -> [NamedTensor] {
            tensors.filter { $0.key.hasPrefix(prefix + ".") }.map {
                NamedTensor(name: String($0.key.dropFirst(prefix.count + 1)), tensor: $0.value)
            }
        }
    }

    private func vectors(_ name: String, _ network: LayeredNetwork) throws -> Vectors {
        let file = try #require(Bundle.module.url(forResource: "Data/\(name)", withExtension: "safetensors"))
        return try Vectors(file.path, classes: network.classCount)
    }

    private func worst(_ ours: Tensor, _ theirs: Tensor) -> Float {
        ours.shape == theirs.shape ? zip(ours.values, theirs.values).map { abs($0 - $1) }.max() ?? 0 : .infinity
    }

    @Test(arguments: LayerFixtures.networks.map(\.name)) func gradientsAgree(name: String) throws {
        let fixture = try #require(LayerFixtures.networks.first { $0.name == name })
        var network = try LayeredNetwork(fixture.description, seed: 1)
        let vectors = try vectors(name, network)
        try network.load(vectors.state("initial"))
        let session = try Session(network.graph, network.tensors, isTraining: true)
        let sum = try session.differentiate(0..<6, of: vectors.data, drawing: Plan.Drawing())
        #expect(abs(sum / 6 - Double(try #require(vectors.tensors["loss"])[0])) < 1e-5)
        let gradients = try session.gradients()
        var checked = 0
        for (parameter, gradient) in zip(network.graph.parameters, gradients) where parameter.isLearned {
            let expected = try #require(vectors.tensors["gradient.\(parameter.name)"])
            let scale = max(1, expected.values.map { abs($0) }.max() ?? 0)
            #expect(worst(gradient, expected) < 2e-5 * scale, "\(parameter.name)")
            #expect(expected.norm > 0, "\(parameter.name) is reached")
            checked += 1
        }
        #expect(checked == vectors.state("gradient").count)
    }

    @Test(
        arguments: [
            ("sgd", Optimizer.momentum(MomentumSGD(learningRate: 0.05, weightDecay: 0.1))),
            ("nesterov", .momentum(MomentumSGD(learningRate: 0.05, weightDecay: 0.1, isNesterov: true))),
            ("adam", .adam(Adam(learningRate: 0.01, weightDecay: 0.1))),
            ("adamw", .adam(.decoupled(learningRate: 0.01, weightDecay: 0.1))),
        ]
    ) func wholeTrainingsAgree(rule: String, optimizer: NeuralNet.Optimizer) throws {
        for (name, description) in LayerFixtures.networks {
            var network = try LayeredNetwork(description, seed: 1)
            let vectors = try vectors(name, network)
            try network.load(vectors.state("initial"))
            // One batch holds all samples, so their order does not count.
            try network.train(
                on: vectors.data, options: TrainingOptions(epochs: Self.steps, batchSize: 6, optimizer: optimizer))
            let expected = vectors.state(rule).filter { !$0.name.hasSuffix("num_batches_tracked") }
            #expect(expected.count == network.parameters.count)
            var moved: Float = 0
            for parameter in network.parameters {
                let theirs = try #require(vectors.tensors["\(rule).\(parameter.name)"])
                #expect(worst(parameter.tensor, theirs) < 2e-4, "\(name): \(parameter.name)")
                moved = max(moved, worst(theirs, try #require(vectors.tensors["initial.\(parameter.name)"])))
            }
            #expect(moved > 0.03)
        }
    }

    @Test func judgingUsesWhatWasKept() throws {
        for (name, description) in LayerFixtures.networks {
            var network = try LayeredNetwork(description, seed: 1)
            let vectors = try vectors(name, network)
            try network.load(vectors.state("adamw"))
            let judged = try #require(vectors.tensors["judged"])
            let expected = try judged.crossEntropy(vectors.data.labels)
            for batch in [6, 4, 1] {
                let evaluation = try network.evaluate(on: vectors.data, batchSize: batch)
                #expect(abs(evaluation.loss - expected) < 1e-5, "\(name)")
                let hits = try judged.argmaxRows().enumerated().filter { Int32($1) == vectors.data.labels[$0] }.count
                #expect(evaluation.accuracy == Double(hits) / 6)
            }
        }
    }

    /// Where PyTorch is at hand, the stored results are what it says today.
    @Test(.enabled(if: Python.benchmark("torch") != nil, "needs PyTorch: run Tools/bootstrap --bench"))
    func theStoredResultsArePyTorchs() async throws {
        let python = try #require(Python.benchmark("torch"))
        let folder = try TemporaryDirectory("torch")
        let output = try await ChildProcess.run([python, "-B", Python.peer("torch_vectors.py"), folder.path])
        try #require(output.status == 0, "\(output.standardError)")
        for (name, description) in LayerFixtures.networks {
            let network = try LayeredNetwork(description, seed: 1)
            let stored = try vectors(name, network)
            let fresh = try Vectors(folder.file("\(name).safetensors"), classes: network.classCount)
            #expect(stored.tensors.keys.sorted() == fresh.tensors.keys.sorted())
            for (key, tensor) in stored.tensors {
                #expect(worst(tensor, try #require(fresh.tensors[key])) < 1e-5, "\(key)")
            }
        }
    }
}
