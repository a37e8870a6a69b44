import Core
import Datasets
import Glibc
import Testing

@testable import NeuralNet
@testable import Tensor

/// Gradients of every layer against differences of the loss.
@Suite struct LayerGradientTests {
    /// What of a network is frozen: of its parameters the first or the second half, and of the norms the running statistics.
    enum Frozen: CaseIterable {
        case nothing, firstHalf, secondHalf

        func indices(_ parameters: [Graph.Parameter]) -> Set<Int> {
            Set(
                parameters.indices.filter { index in
                    switch self {
                    case .nothing: false
                    case .firstHalf: index < parameters.count / 2 || !parameters[index].isLearned
                    case .secondHalf: index >= parameters.count / 2 || !parameters[index].isLearned
                    }
                })
        }
    }

    @Test(arguments: LayerFixtures.networks.map(\.name), Frozen.allCases)
    func gradientsAgreeWithDifferences(name: String, frozen: Frozen) async throws {
        let description = try #require(LayerFixtures.networks.first { $0.name == name }).description
        let network = try LayeredNetwork(description, seed: 11)
        let data = try clouds(5, features: network.featureCount, classes: network.classCount, seed: 4)
        let drawing = Plan.Drawing(seed: 3, labels: ["same"])
        let frozen = frozen.indices(network.graph.parameters)
        func loss(_ tensors: [Tensor]) throws -> Double {
            try Session(network.graph, tensors, isTraining: true, frozen: frozen).differentiate(
                0..<5, of: data, drawing: drawing) / 5
        }
        // Away from the zeros and ones that hide mistakes.
        var tensors = network.tensors
        var generator = SplitMix64(seed: 6)
        for (index, parameter) in network.graph.parameters.enumerated() where parameter.role != .weight {
            guard parameter.isLearned else { continue }
            for i in 0..<tensors[index].count { tensors[index][i] += Float(generator.nextNormal()) * 0.3 }
        }
        let session = try Session(network.graph, tensors, isTraining: true, frozen: frozen)
        _ = try session.differentiate(0..<5, of: data, drawing: drawing)
        let gradients = try session.gradients()
        var (checked, passed) = (0, 0)
        for (index, parameter) in network.graph.parameters.enumerated()
        where parameter.isLearned && !frozen.contains(index) {
            for _ in 0..<4 {
                await Task.yield()
                let i = Int(generator.next() % UInt64(tensors[index].count))
                func slope(_ step: Float) throws -> Double {
                    var (up, down) = (tensors, tensors)
                    up[index][i] += step
                    down[index][i] -= step
                    return (try loss(up) - loss(down)) / Double(up[index][i] - down[index][i])
                }
                let (wide, narrow) = (try slope(4e-3), try slope(2e-3))
                let expected = (4 * narrow - wide) / 3
                checked += 1
                // A step across a rectifier's corner shows as disagreement of the two differences.
                guard abs(wide - narrow) < 2e-3 else { continue }
                passed += 1
                #expect(
                    abs(Double(gradients[index][i]) - expected) < 4e-3 + 0.01 * abs(expected), "\(parameter.name)[\(i)]"
                )
            }
        }
        #expect(passed > checked * 2 / 3)
    }

    @Test func dropoutDropsItsShareAndItsGradientFollows() throws {
        let description = NetworkDescription(
            input: [400],
            layers: [NamedLayer("drop", .dropout(rate: 0.3)), NamedLayer("fc", .dense(outputs: 2, hasBias: false))])
        let network = try LayeredNetwork(description, seed: 1)
        let data = try LabelledData(
            features: [Float](repeating: 1, count: 400 * 20), labels: [Int32](repeating: 0, count: 20),
            featureCount: 400,
            classCount: 2)
        let session = try Session(network.graph, network.tensors, isTraining: true)
        func gradient(_ labels: [String]) throws -> [Float] {
            _ = try session.differentiate(0..<20, of: data, drawing: Plan.Drawing(seed: 5, labels: labels))
            return Array(try session.gradients()[0].values.prefix(400))
        }
        // The gradient of a weight is a sum over the samples that were kept of (p - 1) / 20 times 1 / 0.7.
        let first = try gradient(["1"])
        #expect(try gradient(["1"]) == first, "same seed, same samples dropped")
        #expect(try gradient(["2"]) != first)
        #expect(Set(first).count > 5, "each sample drops others")
        var single = try LayeredNetwork(description, seed: 1)
        let before = try single.evaluate(on: data)
        #expect(try single.evaluate(on: data) == before, "judging drops nothing")
        let logits = single.tensors[0].values
        let (zero, one) = (logits.prefix(400).reduce(0, +), logits.suffix(400).reduce(0, +))
        #expect(abs(before.loss - log1p(exp(Double(one - zero)))) < 1e-4)
        try single.train(on: data, options: TrainingOptions(epochs: 1, batchSize: 20))
        #expect(single.tensors[0] != network.tensors[0])
    }
}
