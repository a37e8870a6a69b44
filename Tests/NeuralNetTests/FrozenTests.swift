import Core
import Datasets
import Testing

@testable import NeuralNet
@testable import Tensor

/// Parameters that stay as they are.
@Suite struct FrozenTests {
    private func options(_ frozen: Set<String>) -> TrainingOptions {
        var options = TrainingOptions(
            epochs: 3, batchSize: 7, optimizer: MomentumSGD(learningRate: 0.1, momentum: 0.9, weightDecay: 0.01),
            seed: 4)
        options.frozen = frozen
        return options
    }

    /// A network behind a frozen layer learns as one whose data went through that layer before.
    @Test func theRestLearnsFromWhatTheFrozenLayersMakeOfTheData() throws {
        let data = try clouds(50, features: 5, classes: 3, seed: 4)
        let whole = try Network(units: [5, 16, 8, 3], seed: 3)
        var trained = whole
        try trained.train(on: data, options: options(["dense0.weight", "dense0.bias"]))
        let first = whole.parameters[0...1].map(\.tensor)
        var features: [Float] = []
        for row in 0..<data.count {
            for unit in 0..<16 {
                var sum = Double(first[1][unit])
                for feature in 0..<5 {
                    sum += Double(first[0][feature * 16 + unit]) * Double(data.features[row * 5 + feature])
                }
                features.append(Float(max(0, sum)))
            }
        }
        let through = try LabelledData(features: features, labels: data.labels, featureCount: 16, classCount: 3)
        var rest = try Network(units: [16, 8, 3], seed: 1)
        try rest.load(
            zip(rest.parameters, whole.parameters[2...]).map { NamedTensor(name: $0.name, tensor: $1.tensor) })
        try rest.train(on: through, options: options([]))
        #expect(trained.parameters[0...1].map(\.tensor) == first)
        for (mine, theirs) in zip(trained.parameters[2...], rest.parameters) {
            #expect(mine.tensor != whole.parameters.first { $0.name == mine.name }?.tensor)
            #expect(zip(mine.tensor.values, theirs.tensor.values).allSatisfy { abs($0 - $1) < 1e-4 })
        }
    }

    /// Every parameter and running statistic of a frozen block is the same bits afterwards, whatever lies before it.
    @Test(arguments: [false, true]) func frozenNormsKeepTheirStatistics(withProximal: Bool) throws {
        let description = NetworkDescription(
            input: [2, 6, 6],
            layers: [
                NamedLayer("conv1", .convolution(.init(4, kernel: 3))), NamedLayer("norm1", .batchNorm()),
                NamedLayer("relu1", .relu), NamedLayer("conv2", .convolution(.init(4, kernel: 3))),
                NamedLayer("norm2", .batchNorm()), NamedLayer("pool", .globalAveragePool),
                NamedLayer("fc", .dense(outputs: 3)),
            ])
        let data = try clouds(30, features: 72, classes: 3, seed: 4)
        let fresh = try LayeredNetwork(description, seed: 2)
        for frozenLayers in [["conv1", "norm1"], ["norm1", "conv2", "norm2"], ["norm2"]] {
            let frozen = Set(
                fresh.parameters.map(\.name).filter { name in frozenLayers.contains { name.hasPrefix($0 + ".") } })
            var options = options(frozen)
            if withProximal { options.proximal = 0.1 }
            var network = fresh
            try network.train(on: data, options: options)
            for (before, after) in zip(fresh.parameters, network.parameters) {
                #expect(
                    (before.tensor == after.tensor) == frozen.contains(before.name), "\(before.name) of \(frozenLayers)"
                )
            }
        }
    }

    @Test func mistakesAreNamed() throws {
        let data = try clouds(10, features: 5, classes: 3, seed: 4)
        var network = try Network(units: [5, 3], seed: 1)
        for (frozen, words) in [
            (["dense9.bias"], "frozen names 'dense9.bias'"),
            (["dense0.weight", "dense0.bias"], "nothing is left to learn"),
        ] {
            #expect {
                try network.train(on: data, options: options(Set(frozen)))
            } throws: { "\($0)".contains(words) }
        }
    }
}
