import Datasets
import Foundation
import Testing

@testable import NeuralNet
@testable import Tensor

/// The data that the first run trains on, in the file that is handed out with the platform.
@Suite struct DigitsTests {
    private func digits() throws -> LabelledData {
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        return try DatasetSource(
            path: root.appendingPathComponent("data/digits/digits.csv").path, scale: .factor(1.0 / 16), classes: 10
        ).load()
    }

    @Test func theFileHoldsWhatItsDescriptionSays() throws {
        let data = try digits()
        #expect(data.count == 1797)
        #expect(data.featureCount == 64)
        #expect(data.countsByClass == [178, 182, 177, 183, 181, 182, 181, 179, 174, 180])
        #expect(data.features.min() == 0 && data.features.max() == 1)
    }

    @Test func averagingThreeSkewedSitesComesNearTrainingInOnePlace() throws {
        let (rest, heldOut) = try digits().holdout(fraction: 0.2, seed: 7)
        let shares = try rest.split(into: 3, by: .dirichlet(alpha: 1, proportions: [3, 2, 1]), seed: 7)
        let initial = try Network(units: [64, 64, 10], seed: 7)
        var options = TrainingOptions(batchSize: 8, optimizer: MomentumSGD(learningRate: 0.05), seed: 7)
        var central = initial
        options.epochs = 12
        options.streams = ["central"]
        try central.train(on: rest, options: options)
        var global = initial
        options.epochs = 1
        for round in 0..<12 {
            var sums = try initial.parameters.map { try Tensor(zeros: $0.tensor.shape) }
            for (site, share) in shares.enumerated() {
                var local = global
                options.streams = ["\(round)", "\(site)"]
                try local.train(on: share, options: options)
                for (index, parameter) in local.parameters.enumerated() {
                    try sums[index].add(parameter.tensor, times: Float(share.count) / Float(rest.count))
                }
            }
            try global.load(zip(initial.parameters, sums).map { NamedTensor(name: $0.name, tensor: $1) })
        }
        let centralAccuracy = try central.evaluate(on: heldOut).accuracy
        let federatedAccuracy = try global.evaluate(on: heldOut).accuracy
        #expect(centralAccuracy > 0.94)
        #expect(federatedAccuracy > centralAccuracy - 0.04, "after 12 rounds only")
    }
}
