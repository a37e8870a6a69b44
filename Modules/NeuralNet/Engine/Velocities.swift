import Tensor

/// The state of momentum: a velocity for every parameter.
struct Velocities {
    private var weights: [Tensor]
    private var biases: [Tensor]

    init(layers: [DenseLayer]) throws(TensorError) {
        weights = []
        biases = []
        for layer in layers {
            weights.append(try Tensor(zeros: layer.weight.shape))
            biases.append(try Tensor(zeros: layer.bias.shape))
        }
    }

    /// Moves every parameter one step along the gradients.
    mutating func step(_ layers: inout [DenseLayer], gradients: Gradients, optimizer: MomentumSGD) {
        for index in layers.indices {
            Self.step(
                &layers[index].weight, gradients.weights[index], &weights[index], optimizer,
                weightDecay: optimizer.weightDecay)
            Self.step(&layers[index].bias, gradients.biases[index], &biases[index], optimizer, weightDecay: 0)
        }
    }

    private static func step(
        _ parameter: inout Tensor, _ gradient: Tensor, _ velocity: inout Tensor, _ optimizer: MomentumSGD,
        weightDecay: Float
    ) {
        parameter.withUnsafeMutableBufferPointer { values in
            velocity.withUnsafeMutableBufferPointer { velocity in
                gradient.withUnsafeBufferPointer {
                    Kernels.momentumStep(
                        values, gradient: $0, velocity: velocity, learningRate: optimizer.learningRate,
                        momentum: optimizer.momentum, weightDecay: weightDecay)
                }
            }
        }
    }
}
