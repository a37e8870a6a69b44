import Core
import Datasets
import Testing

@testable import NeuralNet
@testable import Tensor

@Suite struct GradientTests {
    /// The mean loss of all of `data` under `network`.
    private func loss(_ network: Network, _ data: LabelledData) throws -> Double { try network.evaluate(on: data).loss }

    @Test(arguments: [[5, 3], [5, 8, 4], [5, 7, 6, 3]]) func gradientsAgreeWithDifferences(units: [Int]) throws {
        let data = try clouds(12, features: 5, classes: units.last ?? 0, seed: 4)
        var network = try Network(units: units, seed: 3)
        // Away from the rectifiers' corners, where differences say nothing: biases are not zero.
        var generator = SplitMix64(seed: 6)
        var parameters = network.parameters
        for index in parameters.indices where parameters[index].name.hasSuffix("bias") {
            for i in 0..<parameters[index].tensor.count {
                parameters[index].tensor[i] = Float(generator.nextNormal()) * 0.3
            }
        }
        try network.load(parameters)

        let blas = try BLAS.shared()
        var workspace = try Workspace(units: units, capacity: 12)
        var gradients = try Gradients(layers: network.layers, capacity: 12)
        let rows = network.gather(Array(0..<12), of: data, into: &workspace)
        network.forward(&workspace, rows: rows, with: blas)
        network.backward(workspace, rows: rows, into: &gradients, with: blas)

        var checked = 0
        for index in parameters.indices {
            let gradient = index.isMultiple(of: 2) ? gradients.weights[index / 2] : gradients.biases[index / 2]
            let step: Float = 1e-2
            for i in 0..<parameters[index].tensor.count {
                func shifted(_ by: Float) throws -> Double {
                    var changed = parameters
                    changed[index].tensor[i] += by
                    var other = network
                    try other.load(changed)
                    return try loss(other, data)
                }
                // Richardson's extrapolation of central differences: an error of the fourth order in the step.
                let wide = (try shifted(step) - shifted(-step)) / Double(2 * step)
                let narrow = (try shifted(step / 2) - shifted(-step / 2)) / Double(step)
                let expected = (4 * narrow - wide) / 3
                // A step across a rectifier's corner shows as disagreement of the two differences.
                guard abs(wide - narrow) < 2e-3 else { continue }
                #expect(abs(Double(gradient[i]) - expected) < 2e-3, "\(parameters[index].name)[\(i)]")
                checked += 1
            }
        }
        #expect(checked > network.parameterCount * 9 / 10)
    }
}
