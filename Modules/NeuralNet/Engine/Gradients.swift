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
}
