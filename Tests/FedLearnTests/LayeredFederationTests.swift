import Contracts
import Core
import DataSync
import Datasets
import Foundation
import MessageBus
import NeuralNet
import TestKit
import Testing

@testable import FedLearn

/// Convolutional networks, their running statistics included, through the same rounds as perceptrons.
@Suite struct LayeredFederationTests {
    private static let model = """
        {kind: layers, input: [1, 8, 8], layers: [\
        {kind: convolution, outputs: 8, kernel: 3, padding: 1, bias: false}, {kind: batch-norm}, {kind: relu}, \
        {kind: max-pool, kernel: 2}, {kind: convolution, outputs: 16, kernel: 3, padding: 1, groups: 8}, {kind: relu}, \
        {kind: global-average-pool}, {kind: dropout, rate: 0.1}, {kind: dense, outputs: 10}]}
        """

    /// Handwritten digits in three skewed shares.
    private static func digits() throws -> (shares: [Name: LabelledData], test: LabelledData) {
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let data = try DatasetSource(
            path: root.appendingPathComponent("data/digits/digits.csv").path, scale: .factor(1.0 / 16), classes: 10
        ).load()
        let (rest, test) = try data.holdout(fraction: 0.2, seed: 7)
        let shares = try rest.split(into: 3, by: .dirichlet(alpha: 1, proportions: [2, 2, 1]), seed: 7)
        return (
            Dictionary(
                uniqueKeysWithValues: try shares.enumerated().map { (try Name("edge-\($0 + 1)"), $1) }), test
        )
    }

    private func document(rounds: Int) -> String {
        Federation.document(rounds: rounds)
            .replacingOccurrences(of: "{kind: perceptron, hidden: [200]}", with: Self.model)
            .replacingOccurrences(of: "features: 8, classes: 3", with: "features: 64, classes: 10")
            .replacingOccurrences(
                of: "{learningRate: 0.1, batchSize: 10", with: "{kind: adam, learningRate: 0.01, batchSize: 16"
            )
            .replacingOccurrences(of: "roundDeadlineSeconds: 20.0", with: "roundDeadlineSeconds: 120")
    }

    @Test func aFederationOfConvolutionsLearnsDigits() async throws {
        var manifests: [[Digest]] = []
        for rounds in [5, 2] {
            let (shares, test) = try Self.digits()
            let federation = try Federation(data: shares, test: test)
            let text = document(rounds: rounds)
            let status = try await federation.run { bus, _ in try await Federation.train(bus, text) }
            #expect(status.phase == .succeeded, "\(status.conditions)")
            manifests.append(status.rounds.map(\.manifest))
            guard rounds == 5 else { continue }
            let accuracy = try status.rounds.map { try #require($0.accuracy) }
            #expect(try #require(accuracy.last) > 0.6, "\(accuracy)")
            #expect(status.rounds.allSatisfy { $0.contributors.count == 3 })
        }
        #expect(manifests[0].prefix(2) == manifests[1].prefix(2), "the same seed gives the same bits")
    }
}
