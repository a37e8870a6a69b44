import Contracts
import NeuralNet
import Tensor

/// A job's network: its units and the tensors that follow from them.
struct Architecture: Sendable, Hashable {
    /// Input features, hidden units, classes.
    let units: [Int]

    /// The parameters in the network's own order.
    /// - Throws: `NetworkError` when the units make no network.
    var tensors: [TensorSpec] {
        get throws { try Network.parameterShapes(units: units).map { TensorSpec(name: $0.name, shape: $0.shape) } }
    }

    var parameterCount: Int {
        zip(units, units.dropFirst()).reduce(0) { sum, layer in sum + layer.0 * layer.1 + layer.1 }
    }

    var bytes: Int { parameterCount * MemoryLayout<Float>.size }

    /// A network with these parameters.
    /// - Parameter tensors: in the order of `self.tensors`.
    func network(_ tensors: [Tensor]) throws -> Network {
        var network = try Network(units: units, seed: 0)
        try network.load(zip(self.tensors, tensors).map { NamedTensor(name: $0.name, tensor: $1) })
        return network
    }
}

extension TrainingJobSpec {
    var architecture: Architecture {
        Architecture(units: [data.features] + (model.hidden ?? []) + [data.classes])
    }

    var deadline: Duration { .seconds(roundDeadlineSeconds ?? 60) }
    var minimumClients: Int { clients?.minimum ?? 1 }
}

extension TrainOrder {
    var architecture: Architecture { Architecture(units: [features] + (model.hidden ?? []) + [classes]) }
}
