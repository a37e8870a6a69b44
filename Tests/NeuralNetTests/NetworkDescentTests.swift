import Core
import Datasets
import Glibc
import Testing

@testable import NeuralNet
@testable import Tensor

/// Networks that descend a caller's own gradients.
@Suite struct NetworkDescentTests {
    /// The mean cross-entropy's gradient with respect to logits, in its own words.
    private static func crossEntropy(_ labels: [Int32], classes: Int) -> ([Float]) -> [Float] {
        { outputs in
            var gradient: [Float] = []
            for (row, label) in labels.enumerated() {
                let powers = outputs[(row * classes)..<((row + 1) * classes)].map { exp(Double($0)) }
                let sum = powers.reduce(0, +)
                for (index, power) in powers.enumerated() {
                    gradient.append(Float((power / sum - (index == Int(label) ? 1 : 0)) / Double(labels.count)))
                }
            }
            return gradient
        }
    }

    @Test(arguments: [Optimizer.momentum(MomentumSGD(learningRate: 0.1)), .adam(Adam(learningRate: 0.01))], [0, 0.5])
    func itGoesWhereTrainingOnTheSameLossGoes(optimizer: Optimizer, proximal: Float) throws {
        let data = try clouds(24, features: 5, classes: 3, seed: 4)
        let start = try Network(units: [5, 8, 3], seed: 3)
        var trained = start
        var options = TrainingOptions(epochs: 6, batchSize: data.count)
        (options.optimizer, options.proximal) = (optimizer, proximal)
        try trained.train(on: data, options: options)
        var descent = try NetworkDescent(start, optimizer: optimizer, capacity: data.count, proximal: proximal)
        for _ in 0..<6 { descent.step(data.features, gradient: Self.crossEntropy(data.labels, classes: 3)) }
        #expect(descent.network.parameters != start.parameters)
        for (left, right) in zip(descent.network.parameters, trained.parameters) {
            for (found, expected) in zip(left.tensor.values, right.tensor.values) {
                #expect(abs(found - expected) < 1e-4, "\(left.name)")
            }
        }
    }

    @Test func fewerRowsThanThereIsRoomForAreAsGood() throws {
        let network = try Network(units: [5, 8, 3], seed: 3)
        var (small, large) = (
            try NetworkDescent(network, optimizer: .momentum(MomentumSGD()), capacity: 1),
            try NetworkDescent(network, optimizer: .momentum(MomentumSGD()), capacity: 9)
        )
        let row: [Float] = [1, -2, 0.5, 3, 0]
        _ = large.outputs(of: [Float](repeating: 7, count: 45))
        #expect(large.outputs(of: row) == small.outputs(of: row) && small.outputs(of: row).count == 3)
    }

    @Test func aLongGradientIsShortenedAndAShortOneIsNot() throws {
        let network = try Network(units: [2, 4, 3], seed: 3)
        func move(_ most: Double, by size: Float) throws -> Double {
            var descent = try NetworkDescent(
                network, optimizer: .momentum(MomentumSGD(learningRate: 1, momentum: 0)), capacity: 1, maximumNorm: most
            )
            descent.step([1, 2]) { _ in [size, -size, 0] }
            let squares = zip(network.parameters, descent.network.parameters).map { before, after in
                zip(before.tensor.values, after.tensor.values).reduce(0.0) { $0 + pow(Double($1.1 - $1.0), 2) }
            }
            return squares.reduce(0, +).squareRoot()
        }
        let free = try move(.infinity, by: 1)
        #expect(free > 0.5)
        #expect(abs(try move(0.25, by: 1) - 0.25) < 1e-5)
        #expect(abs(try move(0.25, by: 100) - 0.25) < 1e-5)
        #expect(abs(try move(100, by: 1) - free) < 1e-5)
    }

    @Test func settingsOutOfTheirRangeAreRefused() throws {
        let network = try Network(units: [2, 3], seed: 3)
        #expect(throws: NetworkError.self) {
            try NetworkDescent(network, optimizer: .adam(Adam(learningRate: -1)), capacity: 1)
        }
        #expect(throws: NetworkError.self) { try NetworkDescent(network, optimizer: .adam(Adam()), capacity: 0) }
        #expect(throws: NetworkError.self) {
            try NetworkDescent(network, optimizer: .adam(Adam()), capacity: 1, maximumNorm: 0)
        }
    }
}
