import Core
import Datasets
import Foundation
import TestKit
import Testing

@testable import NeuralNet
@testable import Tensor

/// A whole training repeated by NumPy in float64: same initial parameters, same order of samples, same steps.
@Suite struct NumPyTrainingTests {
    private static let program = """
        import sys, json, numpy as np
        folder = sys.argv[1]
        settings = json.load(open(f"{folder}/settings.json"))
        units, batch = settings["units"], settings["batch"]
        rate, momentum, decay = settings["rate"], settings["momentum"], settings["decay"]
        data = np.load(f"{folder}/data.npz")
        features, labels = data["features"].astype("f8"), data["labels"]
        flat = np.fromfile(f"{folder}/initial", "<f4").astype("f8")
        weights, biases, at = [], [], 0
        for inputs, outputs in zip(units, units[1:]):
            weights.append(flat[at : at + inputs * outputs].reshape(inputs, outputs)); at += inputs * outputs
            biases.append(flat[at : at + outputs].copy()); at += outputs
        anchors = [(w.copy(), b.copy()) for w, b in zip(weights, biases)]
        mu = settings["proximal"]
        velocities = [[np.zeros_like(w), np.zeros_like(b)] for w, b in zip(weights, biases)]
        losses = []
        for order in settings["orders"]:
            total = 0.0
            for start in range(0, len(order), batch):
                rows = order[start : start + batch]
                inputs = [features[rows]]
                for layer, (w, b) in enumerate(zip(weights, biases)):
                    out = inputs[-1] @ w + b
                    inputs.append(np.maximum(out, 0) if layer < len(weights) - 1 else out)
                logits = inputs[-1] - inputs[-1].max(axis=1, keepdims=True)
                p = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
                total -= np.log(p[np.arange(len(rows)), labels[rows]]).sum()
                gradient = (p - np.eye(units[-1])[labels[rows]]) / len(rows)
                for layer in reversed(range(len(weights))):
                    gw, gb = inputs[layer].T @ gradient + decay * weights[layer], gradient.sum(axis=0)
                    gradient = (gradient @ weights[layer].T) * (inputs[layer] > 0)
                    gw = gw + mu * (weights[layer] - anchors[layer][0])
                    gb = gb + mu * (biases[layer] - anchors[layer][1])
                    v = velocities[layer]
                    v[0] = momentum * v[0] + gw
                    v[1] = momentum * v[1] + gb
                    weights[layer] = weights[layer] - rate * v[0]
                    biases[layer] = biases[layer] - rate * v[1]
            losses.append(total / len(order))
        np.concatenate([part.ravel() for w, b in zip(weights, biases) for part in (w, b)]).astype("<f8").tofile(f"{folder}/final")
        print(json.dumps(losses))
        """

    private struct Settings: Encodable {
        var units: [Int]
        var batch: Int
        var rate: Float
        var momentum: Float
        var decay: Float
        var proximal: Float
        var orders: [[Int]]
    }

    @Test(
        .enabled(if: Python.has("numpy"), "needs NumPy: run Tools/test"),
        arguments: [
            ([6, 4], MomentumSGD(learningRate: 0.1, momentum: 0.9, weightDecay: 0), Float(0)),
            ([6, 12, 4], MomentumSGD(learningRate: 0.05, momentum: 0.9, weightDecay: 0.01), Float(0.3)),
            ([6, 10, 8, 4], MomentumSGD(learningRate: 0.03, momentum: 0.5, weightDecay: 0.001), Float(0)),
            ([6, 10, 4], MomentumSGD(learningRate: 0.1, momentum: 0, weightDecay: 0), Float(1.5)),
        ]
    ) func aWholeTrainingAgreesWithNumPy(units: [Int], optimizer: MomentumSGD, proximal: Float) async throws {
        let data = try clouds(95, features: 6, classes: 4, seed: 21)
        var options = TrainingOptions(epochs: 3, batchSize: 16, optimizer: optimizer, seed: 77, streams: ["a", "b"])
        options.proximal = proximal
        var network = try Network(units: units, seed: 3)
        let folder = try TemporaryDirectory("training")
        try data.writeNPZ(to: folder.file("data.npz"))
        try flattened(network).withUnsafeBytes { Data($0) }.write(to: URL(fileURLWithPath: folder.file("initial")))
        let orders = (0..<3).map { epoch in
            var generator = SplitMix64(seed: 77, labels: ["a", "b", "epoch", String(epoch)])
            return Permutation.random(of: 95, using: &generator)
        }
        let settings = Settings(
            units: units, batch: 16, rate: optimizer.learningRate, momentum: optimizer.momentum,
            decay: optimizer.weightDecay, proximal: proximal, orders: orders)
        try JSONEncoder().encode(settings).write(to: URL(fileURLWithPath: folder.file("settings.json")))

        let printed = try await Python.run(program: Self.program, [folder.path])
        let report = try network.train(on: data, options: options)

        let losses = try JSONDecoder().decode([Double].self, from: Data(printed.utf8))
        for (ours, theirs) in zip(report.lossByEpoch, losses) { #expect(abs(ours - theirs) < 1e-5) }
        #expect(losses.count == 3)
        let bytes = try Data(contentsOf: URL(fileURLWithPath: folder.file("final")))
        let expected = bytes.withUnsafeBytes { bytes in
            (0..<(bytes.count / 8)).map { bytes.loadUnaligned(fromByteOffset: $0 * 8, as: Double.self) }
        }
        let ours = flattened(network)
        try #require(expected.count == ours.count)
        let worst = zip(ours, expected).map { abs(Double($0) - $1) }.max() ?? 1
        #expect(worst < 2e-5, "float32 against float64 after 18 steps")
        let initial = flattened(try Network(units: units, seed: 3))
        #expect(zip(ours, initial).contains { abs($0 - $1) > 0.05 }, "the training moved the parameters")
    }
}
