import Core
import Datasets
import Testing

@testable import NeuralNet
@testable import Tensor

/// What is added to every gradient.
@Suite struct CorrectionTests {
    private static let layered = NetworkDescription(
        input: [2, 6, 6],
        layers: [
            NamedLayer("conv1", .convolution(.init(8, kernel: 3))), NamedLayer("norm1", .batchNorm()),
            NamedLayer("relu1", .relu), NamedLayer("conv2", .convolution(.init(16, kernel: 3))),
            NamedLayer("pool", .globalAveragePool), NamedLayer("fc", .dense(outputs: 3)),
        ])

    /// One step with a correction ends a step of that correction away from one without, in whatever layout oneDNN has it.
    @Test(arguments: [true, false]) func itMovesAStepByItself(isLayered: Bool) throws {
        let fresh: any Classifier =
            isLayered ? try LayeredNetwork(Self.layered, seed: 2) : try Network(units: [72, 9, 3], seed: 2)
        let data = try clouds(12, features: 72, classes: 3, seed: 4)
        var generator = SplitMix64(seed: 9)
        var options = TrainingOptions(
            epochs: 1, batchSize: 12, optimizer: MomentumSGD(learningRate: 0.25, momentum: 0), seed: 4)
        var plain = fresh
        try plain.train(on: data, options: options, shouldStop: { false }, progress: { _ in })
        for parameter in fresh.parameters where !parameter.name.contains("running") {
            options.correction[parameter.name] = try Tensor(
                (0..<parameter.tensor.count).map { _ in Float(generator.nextNormal()) }, shape: parameter.tensor.shape)
        }
        var corrected = fresh
        try corrected.train(on: data, options: options, shouldStop: { false }, progress: { _ in })
        for (mine, theirs) in zip(corrected.parameters, plain.parameters) {
            guard let correction = options.correction[mine.name] else {
                #expect(mine.tensor == theirs.tensor)
                continue
            }
            for i in 0..<correction.count {
                #expect(abs(mine.tensor[i] - (theirs.tensor[i] - 0.25 * correction[i])) < 1e-5, "\(mine.name)[\(i)]")
            }
        }
    }

    @Test func mistakesAreNamed() throws {
        let data = try clouds(10, features: 5, classes: 3, seed: 4)
        var network = try Network(units: [5, 3], seed: 1)
        for (name, shape, words) in [
            ("dense7.bias", [3], "'dense7.bias', which the network"), ("dense0.bias", [4], "has shape [4]"),
        ] {
            var options = TrainingOptions(optimizer: MomentumSGD())
            options.correction[name] = try Tensor(zeros: shape)
            #expect { try network.train(on: data, options: options) } throws: { "\($0)".contains(words) }
        }
    }
}
