import Datasets
import NeuralNet
import Tensor

/// Adam (Kingma and Ba, 2015), as fine-tuning uses it; its gradients are those of one plain step on a batch.
struct Adam {
    let rate: Float
    private let decay1: Float = 0.9
    private let decay2: Float = 0.999
    private let epsilon: Float = 1e-8

    init(rate: Float) { self.rate = rate }

    func steps(_ count: Int, of start: Network, on data: LabelledData) throws -> Network {
        var network = start
        let shapes = try Network.parameterShapes(units: start.units)
        var means = shapes.map { [Float](repeating: 0, count: $0.shape.reduce(1, *)) }
        var squares = means
        for step in 1...count {
            let batch = data.subset((0..<32).map { ($0 * 53 + step * 101) % data.count })
            var stepped = network
            let plain = MomentumSGD(learningRate: 1, momentum: 0)
            try stepped.train(on: batch, options: TrainingOptions(batchSize: batch.count, optimizer: plain, seed: 1))
            let (before, after) = (network.parameters, stepped.parameters)
            let parameters = try before.indices.map { index in
                let (old, new) = (before[index].tensor, after[index].tensor)
                let tensor = try Tensor(uninitialized: old.shape) { values in
                    for i in 0..<values.count {
                        let gradient = old[i] - new[i]
                        means[index][i] += (1 - decay1) * (gradient - means[index][i])
                        squares[index][i] += (1 - decay2) * (gradient * gradient - squares[index][i])
                        let mean = means[index][i] / (1 - power(decay1, step))
                        let square = squares[index][i] / (1 - power(decay2, step))
                        values[i] = old[i] - rate * mean / (square.squareRoot() + epsilon)
                    }
                }
                return NamedTensor(name: before[index].name, tensor: tensor)
            }
            try network.load(parameters)
        }
        return network
    }

    private func power(_ base: Float, _ exponent: Int) -> Float {
        (0..<exponent).reduce(1) { value, _ in value * base }
    }
}
