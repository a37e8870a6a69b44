import Tensor

/// A network that descends gradients which its caller computes of its outputs: for losses other than the cross-entropy.
///
/// Inputs, outputs and gradients are rows one after the other. Everything is computed on the calling thread, to the same bits
/// for the same calls.
public struct NetworkDescent {
    public private(set) var network: Network
    private let blas: BLAS
    private var workspace: Workspace
    private var gradients: Gradients
    private var state: OptimizerState
    private let anchor: [DenseLayer]
    private let proximal: Float
    private let maximumNorm: Double

    /// - Parameters:
    ///   - capacity: the most rows of a call; at least 1.
    ///   - proximal: the factor μ of a proximal term μ/2 · ‖w − w₀‖² in every step's loss, w₀ being `network`.
    ///   - maximumNorm: the longest gradient over all parameters; a longer one is shortened (Pascanu et al., "On the Difficulty of
    ///     Training Recurrent Neural Networks", 2013).
    /// - Throws: `NetworkError.Kind.invalidSettings` for settings outside their range; `TensorError`.
    public init(
        _ network: Network, optimizer: Optimizer, capacity: Int, proximal: Float = 0, maximumNorm: Double = .infinity
    ) throws {
        try optimizer.validate()
        guard capacity >= 1, proximal >= 0, proximal.isFinite, maximumNorm > 0 else {
            throw NetworkError(
                .invalidSettings,
                "capacity must be at least 1, proximal 0 or a positive number and maximumNorm positive, not \(capacity), "
                    + "\(proximal) and \(maximumNorm)")
        }
        self.network = network
        self.proximal = proximal
        self.maximumNorm = maximumNorm
        anchor = proximal > 0 ? network.layers : []
        blas = try BLAS.shared()
        workspace = try Workspace(units: network.units, capacity: capacity)
        gradients = try Gradients(layers: network.layers, capacity: capacity)
        state = try OptimizerState(optimizer, counts: network.layers.flatMap { [$0.weight.count, $0.bias.count] })
    }

    /// What the network makes of these inputs.
    /// - Precondition: they are at most `capacity` whole rows.
    public mutating func outputs(of inputs: [Float]) -> [Float] {
        let rows = load(inputs)
        return outputs(rows: rows)
    }

    /// Takes one step.
    /// - Parameter gradient: of the loss with respect to the outputs it is given, as many values.
    public mutating func step(_ inputs: [Float], gradient: ([Float]) -> [Float]) {
        let rows = load(inputs)
        let outer = gradient(outputs(rows: rows))
        precondition(outer.count == rows * network.classCount, "\(outer.count) gradients for \(rows) rows")
        let last = network.layers.count - 1
        gradients.outputs[last].withUnsafeMutableBufferPointer { values in
            _ = UnsafeMutableBufferPointer(rebasing: values[0..<outer.count]).update(from: outer)
        }
        network.propagate(workspace, rows: rows, into: &gradients, with: blas)
        gradients.pull(network.layers, towards: anchor, by: proximal)
        gradients.shorten(to: maximumNorm)
        network.move(&state, along: gradients, factor: 1)
    }

    private mutating func load(_ inputs: [Float]) -> Int {
        let width = network.featureCount
        precondition(
            inputs.count.isMultiple(of: width) && inputs.count <= workspace.capacity * width,
            "\(inputs.count) values are not at most \(workspace.capacity) rows of \(width)")
        let rows = inputs.count / width
        workspace.activations[0].withUnsafeMutableBufferPointer { values in
            _ = UnsafeMutableBufferPointer(rebasing: values[0..<inputs.count]).update(from: inputs)
        }
        network.forward(&workspace, rows: rows, with: blas)
        return rows
    }

    private func outputs(rows: Int) -> [Float] {
        workspace.activations[network.layers.count].withUnsafeBufferPointer {
            Array($0[0..<(rows * network.classCount)])
        }
    }
}

extension Gradients {
    /// Shortens what all of them are together to the norm `most`.
    mutating func shorten(to most: Double) {
        guard most.isFinite else { return }
        let norm = (weights + biases).reduce(0.0) { $0 + $1.withUnsafeBufferPointer { Kernels.sumOfSquares($0) } }
            .squareRoot()
        guard norm > most else { return }
        let factor = Float(most / norm)
        for index in weights.indices {
            weights[index].withUnsafeMutableBufferPointer { Kernels.scale($0, by: factor) }
            biases[index].withUnsafeMutableBufferPointer { Kernels.scale($0, by: factor) }
        }
    }
}
