import Core
import Datasets
import NeuralNet

/// `neuralnet.train`: samples a second that a network of layers is trained on, in batches of 32, with momentum.
struct TrainBenchmark {
    /// What is trained, on images of which shape, and how many batches an epoch has.
    private static let models: [(model: NetworkModel, input: [Int], batches: Int)] = [
        (.leNet5, [1, 28, 28], 60), (.mobileNetV2, [3, 32, 32], 10),
    ]
    private static let batch = 32
    private static let classes = 10
    private static let repeats = 5

    func run() throws {
        for (model, input, batches) in Self.models {
            var network = try LayeredNetwork(model.description(input: input, classes: Self.classes), seed: 1)
            let data = try samples(Self.batch * batches, input)
            let options = TrainingOptions(
                epochs: 1, batchSize: Self.batch, optimizer: .momentum(MomentumSGD(learningRate: 0.001, momentum: 0.9)),
                seed: 1, streams: [])
            let clock = ContinuousClock()
            // The first epoch also chooses and builds the kernels.
            let seconds = try (0...Self.repeats).map { _ in
                try clock.measure {
                    try network.train(on: data, options: options, shouldStop: { false }, progress: { _ in })
                }.seconds
            }.dropFirst().sorted()
            print(
                """
                {"benchmark":"neuralnet.train","variant":"\(model.rawValue), batch \(Self.batch)",\
                "value":\(Double(data.count) / seconds[Self.repeats / 2]),"unit":"samples/s"}
                """)
        }
    }

    private func samples(_ count: Int, _ input: [Int]) throws -> LabelledData {
        var generator = SplitMix64(seed: 1, labels: "images")
        let features = input.reduce(1, *)
        return try LabelledData(
            features: (0..<count * features).map { _ in Float(generator.nextUnit()) },
            labels: (0..<count).map { _ in Int32(generator.next() % UInt64(Self.classes)) }, featureCount: features,
            classCount: Self.classes)
    }
}
