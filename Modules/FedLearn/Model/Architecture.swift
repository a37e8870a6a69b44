import Contracts
import NeuralNet
import Tensor

/// A job's network: what it is made of and the tensors that follow from it.
struct Architecture: Sendable {
    private enum Form: Sendable {
        /// Input features, hidden units, classes.
        case perceptron([Int])
        case layers(NetworkDescription)
        /// Tensors that a trainer named.
        case external([TensorSpec])
        /// What a document or an order says, but makes no network.
        case unsound(NetworkError)
    }

    private let form: Form

    init(units: [Int]) { form = .perceptron(units) }

    init(external tensors: [TensorSpec]) { form = .external(tensors) }

    init(_ model: ModelSpec, features: Int, classes: Int) {
        guard model.kind != .external else {
            form = .external([])
            return
        }
        do throws(NetworkError) {
            let description = try model.description(features: features, classes: classes)
            form = description.map { .layers($0) } ?? .perceptron([features] + (model.hidden ?? []) + [classes])
        } catch { form = .unsound(error) }
    }

    private var shapes: [(name: String, shape: [Int])] {
        get throws(NetworkError) {
            switch form {
            case .perceptron(let units): try Network.parameterShapes(units: units)
            case .layers(let description): try description.parameterShapes()
            case .external(let tensors): tensors.map { ($0.name, $0.shape) }
            case .unsound(let error): throw error
            }
        }
    }

    /// The parameters in the network's own order.
    /// - Throws: `NetworkError` when there is no such network.
    var tensors: [TensorSpec] {
        get throws(NetworkError) { try shapes.map { TensorSpec(name: $0.name, shape: $0.shape) } }
    }

    /// 0 for what is no network.
    var parameterCount: Int {
        do throws(NetworkError) {
            return try shapes.reduce(0) { $0 + $1.shape.reduce(1, *) }
        } catch { return 0 }
    }

    var bytes: Int { parameterCount * MemoryLayout<Float>.size }

    /// What training a batch takes beside the parameters: what each layer gives and its gradient, for networks whose layers
    /// outweigh their parameters.
    func workingBytes(batch: Int) -> Int {
        guard case .layers(let description) = form else { return 0 }
        return 2 * batch * description.activationCount * MemoryLayout<Float>.size
    }

    /// Samples that are judged at once.
    var judgingBatch: Int {
        switch form {
        case .perceptron, .external, .unsound: 256
        case .layers: 64
        }
    }

    /// Such as `64-128-10`, or `1 x 28 x 28, 7 layers`.
    var summary: String {
        switch form {
        case .perceptron(let units): units.map(String.init).joined(separator: "-")
        case .layers(let description):
            description.input.map(String.init).joined(separator: " x ") + ", \(description.layers.count) layers"
        case .external(let tensors): "\(tensors.count) tensors of a trainer"
        case .unsound: "-"
        }
    }

    /// An untrained network.
    func fresh(seed: UInt64) throws -> any Classifier {
        switch form {
        case .perceptron(let units): try Network(units: units, seed: seed)
        case .layers(let description): try LayeredNetwork(description, seed: seed)
        case .external: throw NetworkError(.invalidArchitecture, "only its trainer knows an external model's network")
        case .unsound(let error): throw error
        }
    }

    /// A network with these parameters.
    /// - Parameter tensors: in the order of `self.tensors`.
    func network(_ tensors: [Tensor]) throws -> any Classifier {
        var network = try fresh(seed: 0)
        try network.load(zip(self.tensors, tensors).map { NamedTensor(name: $0.name, tensor: $1) })
        return network
    }
}

extension Architecture {
    /// The policy with these parameters.
    /// - Parameter tensors: in the order of `self.tensors`.
    /// - Throws: `NetworkError.Kind.invalidArchitecture` for a network that makes no policy.
    func policy(_ tensors: [Tensor]) throws -> Network {
        guard let policy = try network(tensors) as? Network else {
            throw NetworkError(.invalidArchitecture, "a policy is a softmax or perceptron, not \(summary)")
        }
        return policy
    }
}

extension TrainingJobSpec {
    var architecture: Architecture { Architecture(model, features: features, classes: classes) }

    var deadline: Duration { .seconds(roundDeadlineSeconds ?? 60) }
    var minimumClients: Int { clients?.minimum ?? 1 }
}

extension Job {
    /// The job's network, with what is learnt of an external one.
    var architecture: Architecture { header.tensors.map { Architecture(external: $0) } ?? spec.architecture }
}

extension TrainOrder {
    var architecture: Architecture {
        tensors.map { Architecture(external: $0) } ?? Architecture(model, features: features, classes: classes)
    }
}
