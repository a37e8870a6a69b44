import Core
import Testing

@testable import NeuralNet
@testable import Tensor

@Suite struct ParameterTests {
    @Test func parametersHaveStableNamesShapesAndOrder() throws {
        let network = try Network(units: [4, 8, 3], seed: 1)
        #expect(
            network.parameters.map(\.name) == ["dense0.weight", "dense0.bias", "dense1.weight", "dense1.bias"])
        #expect(network.parameters.map(\.tensor.shape) == [[4, 8], [8], [8, 3], [3]])
        #expect(network.parameterCount == 4 * 8 + 8 + 8 * 3 + 3)
        #expect(network.featureCount == 4 && network.classCount == 3)
        let shapes = try Network.parameterShapes(units: [4, 8, 3])
        #expect(shapes.map(\.name) == network.parameters.map(\.name))
        #expect(shapes.map(\.shape) == network.parameters.map(\.tensor.shape))
    }

    @Test func initialWeightsHaveTheVarianceOfTheirRule() throws {
        let network = try Network(units: [200, 300, 100], seed: 12)
        let he = network.parameters[0].tensor
        let variance = he.norm * he.norm / Double(he.count)
        #expect(abs(variance - 2.0 / 200) < 0.03 * 2 / 200)
        #expect(abs(he.mean) < 0.002)
        let glorot = network.parameters[2].tensor
        #expect(abs(glorot.norm * glorot.norm / Double(glorot.count) - 2.0 / 400) < 0.03 * 2 / 400)
        let limit = Float((6.0 / 400).squareRoot())
        #expect(glorot.values.allSatisfy { abs($0) <= limit })
        #expect(network.parameters[1].tensor.values.allSatisfy { $0 == 0 })
    }

    @Test func loadingReplacesAllAndInAnyOrder() throws {
        let source = try Network(units: [4, 8, 3], seed: 1)
        var target = try Network(units: [4, 8, 3], seed: 2)
        try target.load(source.parameters.reversed())
        #expect(target.parameters == source.parameters)
    }

    @Test func whatIsNotThisNetworksChangesNothing() throws {
        var network = try Network(units: [4, 8, 3], seed: 1)
        let before = network.parameters
        func refused(_ words: String, _ change: (inout [NamedTensor]) throws -> Void) throws {
            var parameters = before
            try change(&parameters)
            let error = #expect(throws: NetworkError.self) { try network.load(parameters) }
            #expect(error?.message.contains(words) == true, "\(error?.message ?? "")")
            #expect(network.parameters == before)
        }
        try refused("'dense1.bias' of shape [3] is missing") { $0.removeLast() }
        try refused("given twice") { $0.append($0[0]) }
        try refused("'other' is not one") { $0.append(NamedTensor(name: "other", tensor: $0[0].tensor)) }
        try refused("shape [8, 4], but this network's has [4, 8]") {
            $0[0].tensor = try $0[0].tensor.reshaped([8, 4])
        }
        for bad in [Float.nan, .infinity] {
            try refused("'dense1.weight' holds NaN or infinity") { $0[2].tensor[7] = bad }
        }
    }

    @Test func impossibleArchitecturesAreRefused() throws {
        for units in [[], [4], [4, 0], [-1, 3], [4, Int(Int32.max) + 1], [Int(Int32.max), Int(Int32.max), 3]] {
            let error = #expect(throws: NetworkError.self) { try Network.parameterShapes(units: units) }
            #expect(error?.kind == .invalidArchitecture, "\(units)")
        }
    }

    @Test func outputsThatAreNotFiniteAreAnError() throws {
        var network = try Network(units: [2, 4, 2], seed: 1)
        var parameters = network.parameters
        for index in parameters.indices { parameters[index].tensor.scale(by: 1e30) }
        try network.load(parameters)
        let data = try clouds(4, features: 2, classes: 2, seed: 1)
        #expect(network.isFinite)
        let error = #expect(throws: NetworkError.self) { try network.evaluate(on: data) }
        #expect(error?.kind == .notFinite)
    }
}
