import Tensor

extension Network {
    /// Names and shapes of the parameters of a network with these units, in the order of `parameters`.
    ///
    /// Layer *i* has `dense{i}.weight` of shape [inputs, outputs] and `dense{i}.bias` of shape [outputs].
    /// - Throws: `NetworkError.Kind.invalidArchitecture` unless there are at least two entries, all positive, and every
    ///   tensor fits memory.
    public static func parameterShapes(
        units: [Int]
    ) throws(NetworkError) -> [(name: String, shape: [Int])] {
        guard units.count >= 2, units.allSatisfy({ $0 > 0 && $0 <= Int32.max }) else {
            throw NetworkError(
                .invalidArchitecture,
                "units \(units) make no network: give the number of features, the units of each hidden layer, and the "
                    + "number of classes, each positive")
        }
        var shapes: [(name: String, shape: [Int])] = []
        for index in 0..<(units.count - 1) {
            shapes.append(("dense\(index).weight", [units[index], units[index + 1]]))
            shapes.append(("dense\(index).bias", [units[index + 1]]))
        }
        do {
            for shape in shapes { _ = try Tensor.count(of: shape.shape) }
        } catch {
            throw NetworkError(.invalidArchitecture, "units \(units) make too large a network", cause: error)
        }
        return shapes
    }

    /// Everything the network has learned, in a stable order: weight and bias of each layer, from the input on.
    ///
    /// Shares memory with the network until it trains again.
    public var parameters: [NamedTensor] {
        layers.enumerated().flatMap { index, layer in
            [
                NamedTensor(name: "dense\(index).weight", tensor: layer.weight),
                NamedTensor(name: "dense\(index).bias", tensor: layer.bias),
            ]
        }
    }

    /// Replaces all parameters.
    ///
    /// Nothing changes unless all fit.
    /// - Throws: `NetworkError.Kind.parameterMismatch` when one is missing, unknown, given twice, or of another shape;
    ///   `NetworkError.Kind.notFinite` when one holds NaN or infinity.
    public mutating func load(_ parameters: [NamedTensor]) throws(NetworkError) {
        let tensors = try NamedTensor.matched(
            parameters, to: try Self.parameterShapes(units: units), of: "a network with units \(units)")
        for index in layers.indices {
            layers[index] = DenseLayer(weight: tensors[2 * index], bias: tensors[2 * index + 1])
        }
    }

    /// Whether no parameter is NaN or infinite.
    public var isFinite: Bool { layers.allSatisfy { $0.weight.isFinite && $0.bias.isFinite } }
}
