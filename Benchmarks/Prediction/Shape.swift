import Contracts
import Core
import Datasets
import NeuralNet

/// A model and how it is trained.
struct Shape {
    var features: Int
    var hidden: [Int]
    var batch: Int
    var epochs: Int

    static let classes = 10

    /// Softmax regression and perceptrons of one to three hidden layers, from 650 to 530,000 parameters.
    static let all: [Shape] = [
        Shape(features: 64, hidden: [], batch: 16, epochs: 2), Shape(features: 784, hidden: [], batch: 16, epochs: 1),
        Shape(features: 784, hidden: [], batch: 64, epochs: 2), Shape(features: 256, hidden: [], batch: 32, epochs: 2),
        Shape(features: 64, hidden: [128], batch: 8, epochs: 1),
        Shape(features: 64, hidden: [128], batch: 32, epochs: 2),
        Shape(features: 64, hidden: [512], batch: 16, epochs: 1),
        Shape(features: 784, hidden: [64], batch: 32, epochs: 1),
        Shape(features: 784, hidden: [128], batch: 32, epochs: 1),
        Shape(features: 784, hidden: [128], batch: 128, epochs: 1),
        Shape(features: 784, hidden: [256, 128], batch: 64, epochs: 1),
        Shape(features: 256, hidden: [512, 512], batch: 64, epochs: 1),
        Shape(features: 256, hidden: [128, 64], batch: 16, epochs: 1),
        Shape(features: 64, hidden: [256, 256], batch: 64, epochs: 2),
        Shape(features: 256, hidden: [256], batch: 32, epochs: 1),
        Shape(features: 64, hidden: [64, 64, 64], batch: 32, epochs: 2),
    ]

    func network() throws -> Network { try Network(units: [features] + hidden + [Self.classes], seed: 1) }

    func workload() throws -> TrainingWorkload {
        TrainingWorkload(
            trainingType: .federated, model: hidden.isEmpty ? "softmax" : "perceptron",
            parameters: try network().parameterCount, features: features, batchSize: batch, localEpochs: epochs)
    }

    func data(_ samples: Int) throws -> LabelledData {
        var generator = SplitMix64(seed: 7, labels: "features", "\(features)")
        let pattern = (0..<4096).map { _ in Float(generator.nextUnit()) }
        return try LabelledData(
            features: (0..<(samples * features)).map { pattern[($0 &* 31) & 4095] },
            labels: (0..<samples).map { Int32($0 % Self.classes) }, featureCount: features, classCount: Self.classes)
    }
}
