import Core
import Datasets
import Testing

@testable import NeuralNet
@testable import Tensor

@Suite struct ModelTests {
    /// Images of stripes, whose direction and phase are the class.
    static func stripes(_ count: Int, input: [Int], classes: Int, seed: UInt64) throws -> LabelledData {
        var generator = SplitMix64(seed: seed, labels: "stripes")
        var (features, labels): ([Float], [Int32]) = ([], [])
        for _ in 0..<count {
            let label = Int(generator.next() % UInt64(classes))
            let phase = Int(generator.next() % 2)
            labels.append(Int32(label))
            for channel in 0..<input[0] {
                for row in 0..<input[1] {
                    for column in 0..<input[2] {
                        let place = label.isMultiple(of: 2) ? row : column
                        let isBright = (place / (1 + label / 2) + phase + channel).isMultiple(of: 2)
                        features.append((isBright ? 0.8 : 0.2) + Float(generator.nextNormal()) * 0.2)
                    }
                }
            }
        }
        return try LabelledData(
            features: features, labels: labels, featureCount: input.reduce(1, *), classCount: classes)
    }

    @Test func modelsHaveTheParametersOfTheirPapers() throws {
        // LeCun et al. with all maps connected; torchvision's count of MobileNetV2; He et al.'s 0.27 M.
        func learned(_ model: NetworkModel, _ input: [Int], _ classes: Int) throws -> Int {
            let graph = try Graph(model.description(input: input, classes: classes))
            return graph.parameters.filter(\.isLearned).reduce(0) { $0 + $1.shape.reduce(1, *) }
        }
        #expect(try learned(.leNet5, [1, 28, 28], 10) == 61_706)
        #expect(try learned(.leNet5, [1, 32, 32], 10) == 61_706)
        #expect(try learned(.mobileNetV2, [3, 224, 224], 1000) == 3_504_872)
        #expect(try learned(.resNet20, [3, 32, 32], 10) == 272_474)
        let names = try NetworkModel.mobileNetV2.description(input: [3, 32, 32], classes: 10).parameterShapes().map(
            \.name)
        #expect(names.contains("features.1.conv.0.0.weight") && names.contains("features.18.1.running_var"))
        #expect(names.contains("features.17.conv.2.weight") && names.contains("classifier.1.bias"))
    }

    @Test func unknownNamesAreRefusedWithTheNearest() {
        let error = #expect(throws: NetworkError.self) { try NetworkModel(named: "lenet5x") }
        #expect(error?.message.contains("did you mean 'lenet-5'?") == true, "\(error?.message ?? "")")
    }

    @Test func imagesThatAreTooSmallAreRefusedByName() {
        let error = #expect(throws: NetworkError.self) { try NetworkDescription.leNet5(input: [1, 8, 8], classes: 10) }
        #expect(error?.message.contains("lenet-5 cannot take samples of shape [1, 8, 8]: layer 'conv2'") == true)
        let vector = #expect(throws: NetworkError.self) { try NetworkDescription.resNet20(input: [64], classes: 10) }
        #expect(vector?.message.contains("it takes an image") == true)
    }

    @Test func layersThatMakeNoNetworkAreRefusedByName() throws {
        func refused(_ words: String, _ input: [Int], _ layers: [Layer]) throws {
            let error = #expect(throws: NetworkError.self) {
                try NetworkDescription(input: input, sequence: layers).parameterShapes()
            }
            #expect(error?.kind == .invalidArchitecture)
            #expect(error?.message.contains(words) == true, "\(error?.message ?? "")")
        }
        try refused("the last layer gives [2, 6, 6]", [1, 8, 8], [.convolution(.init(2, kernel: 3))])
        try refused("layer '0': it takes a vector", [1, 8, 8], [.dense(outputs: 3)])
        try refused(
            "layer '0': 3 channels in and 4 out are not 2", [3, 8, 8], [.convolution(.init(4, kernel: 1, groups: 2))])
        try refused("does not fit an image of 8 x 8", [1, 8, 8], [.maxPool(.init(9))])
        try refused("padding 3", [1, 8, 8], [.maxPool(.init(3, padding: 3))])
        try refused("layer '0': rate must be", [8], [.dropout(rate: 1)])
        try refused(
            "must be of one shape", [4],
            [.residual(body: [NamedLayer("", .dense(outputs: 3))], shortcut: [])])
        try refused("cannot go in", [1, 2], [.flatten])
        try refused("too large", [1_000_000], [.dense(outputs: 1_000_000)])
        try refused("are not the logits", [4, 4, 4], [])
        let twice = NetworkDescription(
            input: [4], layers: [NamedLayer("a", .dense(outputs: 4)), NamedLayer("a", .dense(outputs: 4))])
        #expect(throws: NetworkError.self) { try twice.parameterShapes() }
    }

    @Test(arguments: [(NetworkModel.leNet5, [1, 28, 28]), (.resNet20, [1, 12, 12])])
    func modelsLearn(model: NetworkModel, input: [Int]) async throws {
        let data = try Self.stripes(96, input: input, classes: 3, seed: 4)
        var network = try LayeredNetwork(model.description(input: input, classes: 3), seed: 2)
        await Task.yield()
        let report = try network.train(
            on: data,
            options: TrainingOptions(
                epochs: 6, batchSize: 20, optimizer: .momentum(MomentumSGD(learningRate: 0.02)), seed: 3))
        #expect(report.steps == 6 * 5, "the last batch of an epoch holds 16")
        #expect(report.loss < 0.6 * (report.lossByEpoch.first ?? 0), "\(report.lossByEpoch)")
        await Task.yield()
        #expect(try network.evaluate(on: data).accuracy > 0.6)
    }

    @Test func mobileNetLearns() async throws {
        let data = try Self.stripes(30, input: [3, 32, 32], classes: 2, seed: 4)
        var network = try LayeredNetwork(.mobileNetV2(input: [3, 32, 32], classes: 2), seed: 2)
        await Task.yield()
        let report = try network.train(
            on: data, options: TrainingOptions(epochs: 4, batchSize: 16, optimizer: MomentumSGD(learningRate: 0.02)))
        #expect(report.loss < report.lossByEpoch[0] && report.steps == 8, "\(report.lossByEpoch)")
        #expect(try network.evaluate(on: data).loss.isFinite)
    }

    @Test func sameSeedSameBits() async throws {
        let data = try Self.stripes(50, input: [2, 10, 10], classes: 4, seed: 1)
        let description = NetworkDescription(
            input: [2, 10, 10],
            sequence: [
                .convolution(.init(12, kernel: 3, padding: 1, hasBias: false)), .batchNorm(), .relu, .maxPool(.init(2)),
                .flatten, .dropout(rate: 0.25), .dense(outputs: 4),
            ])
        func trained(_ seed: UInt64, _ streams: [String] = ["1", "edge-1"]) async throws -> [[UInt32]] {
            await Task.yield()
            var network = try LayeredNetwork(description, seed: 7)
            try network.train(
                on: data, options: TrainingOptions(epochs: 2, batchSize: 8, seed: seed, streams: streams))
            return network.tensors.map { $0.values.map(\.bitPattern) }
        }
        let first = try await trained(1)
        for _ in 0..<3 { #expect(try await trained(1) == first) }
        #expect(try await trained(2) != first)
        #expect(try await trained(1, ["2", "edge-1"]) != first)
    }

    /// A perceptron made of layers learns what `Network` does, whose whole training is checked against NumPy, the proximal
    /// term included.
    @Test(arguments: [Float(0), 0.5, 3]) func denseLayersLearnWhatAPerceptronDoes(proximal: Float) throws {
        let data = try clouds(90, features: 6, classes: 4, seed: 5)
        var perceptron = try Network(units: [6, 12, 4], seed: 3)
        var layered = try LayeredNetwork(
            NetworkDescription(input: [6], sequence: [.dense(outputs: 12), .relu, .dense(outputs: 4)]), seed: 1)
        // A perceptron's weights are [inputs, outputs], those of a dense layer [outputs, inputs] as PyTorch's.
        func transposed(_ tensor: Tensor) throws -> Tensor {
            guard tensor.shape.count == 2 else { return tensor }
            let (rows, columns) = (tensor.shape[0], tensor.shape[1])
            return try Tensor(
                (0..<columns * rows).map { tensor.values[$0 % rows * columns + $0 / rows] }, shape: [columns, rows])
        }
        try layered.load(
            zip(layered.parameters, perceptron.parameters).map {
                NamedTensor(name: $0.name, tensor: try transposed($1.tensor))
            })
        let initial = layered.parameters.flatMap(\.tensor.values)
        var options = TrainingOptions(
            epochs: 3, batchSize: 16, optimizer: MomentumSGD(learningRate: 0.1, momentum: 0.9), seed: 8)
        options.proximal = proximal
        let reports = (
            try perceptron.train(on: data, options: options), try layered.train(on: data, options: options)
        )
        let (expected, found) = (
            try perceptron.parameters.flatMap { try transposed($0.tensor).values },
            layered.parameters.flatMap(\.tensor.values)
        )
        #expect(zip(expected, found).allSatisfy { abs($0 - $1) < 1e-4 })
        #expect(zip(initial, found).contains { abs($0 - $1) > 0.05 }, "the training moved the parameters")
        #expect(abs(reports.0.loss - reports.1.loss) < 1e-4)
        let judged = (
            try perceptron.evaluate(on: data), try layered.evaluate(on: data)
        )
        #expect(abs(judged.0.loss - judged.1.loss) < 1e-4)
    }

    @Test func trainingACopyAndStoppingLeaveWhatTheyShould() throws {
        let data = try Self.stripes(40, input: [1, 8, 8], classes: 2, seed: 1)
        let description = NetworkDescription(
            input: [1, 8, 8],
            sequence: [.convolution(.init(3, kernel: 3)), .batchNorm(), .relu, .globalAveragePool, .dense(outputs: 2)])
        let original = try LayeredNetwork(description, seed: 1)
        let before = original.tensors.map(\.values)
        var copy = original
        var asked = 0
        #expect(throws: CancellationError.self) {
            try copy.train(
                on: data, options: TrainingOptions(batchSize: 8),
                shouldStop: {
                    asked += 1
                    return asked > 2
                })
        }
        #expect(original.tensors.map(\.values) == before)
        #expect(copy.tensors.map(\.values) != before, "two steps were taken")
        var diverging = original
        let error = #expect(throws: NetworkError.self) {
            try diverging.train(
                on: data, options: TrainingOptions(epochs: 9, optimizer: MomentumSGD(learningRate: 1e30)))
        }
        #expect(error?.kind == .diverged)
        #expect(diverging.tensors.map(\.values) == before)
        #expect(throws: NetworkError.self) { try original.evaluate(on: clouds(5, features: 9, classes: 2, seed: 1)) }
    }

    @Test func schedulesFollowTheirFormulas() throws {
        func factors(_ schedule: LearningRateSchedule, _ steps: [Int]) -> [Float] {
            steps.map { schedule.factor(step: $0, stepsPerEpoch: 10, epochs: 4) }
        }
        #expect(factors(.constant, [0, 39]) == [1, 1])
        let step = factors(LearningRateSchedule(.step(epochs: 2, factor: 0.1)), [0, 19, 20, 39])
        #expect(step == [1, 1, 0.1, 0.1])
        let cosine = factors(LearningRateSchedule(.cosine(floor: 0.2)), [0, 20, 40])
        for (ours, expected) in zip(cosine, [1, 0.6, 0.2] as [Float]) { #expect(abs(ours - expected) < 1e-6) }
        let warm = factors(LearningRateSchedule(.cosine(), warmUp: 4), [0, 3, 4, 22, 40])
        for (ours, expected) in zip(warm, [0.25, 1, 1, 0.5, 0] as [Float]) { #expect(abs(ours - expected) < 1e-6) }
        for bad in [
            LearningRateSchedule(.step(epochs: 0, factor: 0.5)), LearningRateSchedule(.step(epochs: 1, factor: 0)),
            LearningRateSchedule(.cosine(floor: 2)), LearningRateSchedule(warmUp: -1),
        ] {
            #expect(throws: NetworkError.self) { try TrainingOptions(schedule: bad).validate() }
        }
    }
}
