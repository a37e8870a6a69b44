import Tensor

/// The gradients of the mean loss of a batch, and the memory to compute them.
struct Gradients {
    /// By layer, of the shapes of its parameters.
    var weights: [Tensor]
    var biases: [Tensor]
    /// With respect to each layer's outputs, `capacity` rows.
    var outputs: [Tensor]

    init(layers: [DenseLayer], capacity: Int) throws(TensorError) {
        weights = []
        biases = []
        outputs = []
        for layer in layers {
            weights.append(try Tensor(zeros: layer.weight.shape))
            biases.append(try Tensor(zeros: layer.bias.shape))
            outputs.append(try Tensor(zeros: [capacity, layer.outputs]))
        }
    }
    /// Adds the gradient of the proximal term, μ · (w − anchor); nothing without an anchor.
    mutating func pull(_ layers: [DenseLayer], towards anchor: [DenseLayer], by factor: Float) {
        for (index, fixed) in anchor.enumerated() {
            Self.pull(&weights[index], layers[index].weight, fixed.weight, factor)
            Self.pull(&biases[index], layers[index].bias, fixed.bias, factor)
        }
    }

    /// Adds corrections, by the parameters' places: a layer's weight, then its bias.
    mutating func add(_ corrections: [Int: Tensor]) {
        for (index, correction) in corrections {
            correction.withUnsafeBufferPointer { values in
                if index.isMultiple(of: 2) {
                    weights[index / 2].withUnsafeMutableBufferPointer { Kernels.axpy(1, values, into: $0) }
                } else {
                    biases[index / 2].withUnsafeMutableBufferPointer { Kernels.axpy(1, values, into: $0) }
                }
            }
        }
    }

    private static func pull(_ gradient: inout Tensor, _ value: Tensor, _ anchor: Tensor, _ factor: Float) {
        gradient.withUnsafeMutableBufferPointer { gradient in
            value.withUnsafeBufferPointer { Kernels.axpy(factor, $0, into: gradient) }
            anchor.withUnsafeBufferPointer { Kernels.axpy(-factor, $0, into: gradient) }
        }
    }
}
