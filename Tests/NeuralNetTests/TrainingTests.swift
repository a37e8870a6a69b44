import Core
import Datasets
import Testing

@testable import NeuralNet
@testable import Tensor

@Suite struct TrainingTests {
    @Test func trainingLearnsWhatCanBeLearned() throws {
        let data = try clouds(600, features: 8, classes: 4, seed: 1)
        let (rest, heldOut) = try data.holdout(fraction: 0.25, seed: 2)
        for units in [[8, 4], [8, 16, 4]] {
            var network = try Network(units: units, seed: 5)
            let before = try network.evaluate(on: heldOut)
            let report = try network.train(
                on: rest,
                options: TrainingOptions(epochs: 10, batchSize: 16, optimizer: MomentumSGD(learningRate: 0.02)))
            let after = try network.evaluate(on: heldOut)
            #expect(after.accuracy > 0.9 && before.accuracy < 0.7, "\(units)")
            #expect(after.loss < before.loss)
            #expect(report.lossByEpoch.count == 10)
            #expect(report.lossByEpoch[9] < report.lossByEpoch[0])
            #expect(report.steps == 10 * 29)
            #expect(report.samples == 450)
        }
    }

    @Test func sameSeedSameBitsAndAnotherSeedOthers() throws {
        let data = try clouds(300, features: 6, classes: 3, seed: 9)
        func trained(seed: UInt64, streams: [String] = []) throws -> [Float] {
            var network = try Network(units: [6, 12, 3], seed: 1)
            try network.train(on: data, options: TrainingOptions(epochs: 3, batchSize: 7, seed: seed, streams: streams))
            return flattened(network)
        }
        let first = try trained(seed: 1, streams: ["job", "2", "edge-1"])
        for _ in 0..<3 {
            #expect(try trained(seed: 1, streams: ["job", "2", "edge-1"]).map(\.bitPattern) == first.map(\.bitPattern))
        }
        #expect(try trained(seed: 2, streams: ["job", "2", "edge-1"]) != first)
        #expect(try trained(seed: 1, streams: ["job", "3", "edge-1"]) != first)
        #expect(try Network(units: [6, 3], seed: 1).parameters != Network(units: [6, 3], seed: 2).parameters)
    }

    @Test func trainingACopyLeavesTheOriginalAsItWas() throws {
        let data = try clouds(50, features: 4, classes: 2, seed: 2)
        let original = try Network(units: [4, 5, 2], seed: 1)
        let handedOut = original.parameters
        let before = flattened(original)
        var copy = original
        try copy.train(on: data)
        #expect(flattened(original) == before)
        #expect(handedOut.flatMap(\.tensor.values) == before)
        #expect(flattened(copy) != before)
    }

    @Test func stoppingEndsBetweenSteps() throws {
        let data = try clouds(100, features: 4, classes: 2, seed: 2)
        var network = try Network(units: [4, 2], seed: 1)
        var asked = 0
        var seen: [TrainingProgress] = []
        #expect(throws: CancellationError.self) {
            try network.train(
                on: data, options: TrainingOptions(epochs: 2, batchSize: 10),
                shouldStop: {
                    asked += 1
                    return asked > 13
                }, progress: { seen.append($0) })
        }
        #expect(seen.count == 13)
        #expect(seen.last.map { [$0.epoch, $0.step, $0.stepsPerEpoch] } == [1, 3, 10])
        #expect(seen.allSatisfy { $0.loss.isFinite && $0.loss > 0 })
        var again = try Network(units: [4, 2], seed: 1)
        var steps = 0
        #expect(throws: CancellationError.self) {
            try again.train(
                on: data, options: TrainingOptions(epochs: 2, batchSize: 10),
                shouldStop: {
                    steps += 1
                    return steps > 13
                })
        }
        #expect(flattened(network) == flattened(again))
        #expect(throws: CancellationError.self) { try network.evaluate(on: data, shouldStop: { true }) }
    }

    @Test func divergenceIsAnErrorThatNamesTheLearningRate() throws {
        let data = try clouds(200, features: 4, classes: 3, seed: 2)
        var network = try Network(units: [4, 32, 32, 3], seed: 1)
        let error = #expect(throws: NetworkError.self) {
            try network.train(
                on: data, options: TrainingOptions(epochs: 50, optimizer: MomentumSGD(learningRate: 1e18)))
        }
        #expect(error?.kind == .diverged)
        #expect(error?.message.contains("learning rate") == true)
    }

    @Test func settingsOutOfRangeChangeNothing() throws {
        let data = try clouds(20, features: 4, classes: 2, seed: 2)
        var network = try Network(units: [4, 2], seed: 1)
        let before = flattened(network)
        for options in [
            TrainingOptions(epochs: 0), TrainingOptions(batchSize: 0),
            TrainingOptions(optimizer: MomentumSGD(learningRate: 0)),
            TrainingOptions(optimizer: MomentumSGD(learningRate: .nan)),
            TrainingOptions(optimizer: MomentumSGD(momentum: 1)),
            TrainingOptions(optimizer: MomentumSGD(momentum: -0.1)),
            TrainingOptions(optimizer: MomentumSGD(weightDecay: -1)),
        ] {
            let error = #expect(throws: NetworkError.self) { try network.train(on: data, options: options) }
            #expect(error?.kind == .invalidSettings)
        }
        #expect(flattened(network) == before)
    }

    @Test func dataThatDoesNotFitIsRefused() throws {
        var network = try Network(units: [4, 2], seed: 1)
        for data in [
            try clouds(5, features: 3, classes: 2, seed: 1),
            try LabelledData(features: [1, 2, 3, 4], labels: [2], featureCount: 4),
            try LabelledData(features: [], labels: [], featureCount: 4),
        ] {
            #expect(throws: NetworkError.self) { try network.train(on: data) }
            #expect(throws: NetworkError.self) { try network.evaluate(on: data) }
        }
    }

    @Test func batchesLargerThanTheDataAreOneStep() throws {
        let data = try clouds(9, features: 4, classes: 2, seed: 2)
        var network = try Network(units: [4, 2], seed: 1)
        #expect(try network.train(on: data, options: TrainingOptions(epochs: 2, batchSize: 1_000_000)).steps == 2)
        let whole = try network.evaluate(on: data, batchSize: 100)
        let parts = try network.evaluate(on: data, batchSize: 2)
        #expect(whole.accuracy == parts.accuracy)
        #expect(abs(whole.loss - parts.loss) < 1e-6)
        #expect(whole.samples == 9)
    }
}
