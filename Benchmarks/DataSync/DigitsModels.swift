import Datasets
import NeuralNet

/// A perceptron that has learnt the handwritten digits, and what a further round makes of it.
struct DigitsModels {
    let trained: Model
    /// After a round of federated training with momentum SGD: two passes over the data.
    let bySGD: Model
    /// After a round of fine-tuning: 20 steps of Adam with a rate of 1e-5.
    let byAdam: Model

    init(dataset path: String) throws {
        let data = try DatasetSource(path: path, scale: .factor(1.0 / 16), classes: 10).load()
        var network = try Network(units: [data.featureCount, 1024, 1024, 1024, data.classCount], seed: 1)
        var options = TrainingOptions(
            epochs: 10, batchSize: 32, optimizer: MomentumSGD(learningRate: 0.05, momentum: 0.9), seed: 1)
        try network.train(on: data, options: options)
        trained = .of(network)

        var next = network
        options.epochs = 2
        options.seed = 2
        try next.train(on: data, options: options)
        bySGD = .of(next)

        byAdam = .of(try Adam(rate: 1e-5).steps(20, of: network, on: data))
    }
}
