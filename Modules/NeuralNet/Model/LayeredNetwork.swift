import Core
import Tensor

/// A classifier made of a description's layers, computed by oneDNN: convolutional and residual networks.
///
/// A value: training one copy leaves the others as they were. The same seed, data and options give the same parameters bit for
/// bit on the same kind of processor. Parameters have the names, shapes and order that PyTorch's state dictionary of the same
/// layers has, so that either side reads what the other wrote; PyTorch's `num_batches_tracked` is passed over.
public struct LayeredNetwork: Sendable {
    public let description: NetworkDescription
    let graph: Graph
    var tensors: [Tensor]

    /// A network with fresh random weights.
    ///
    /// Weights are normal with variance 2 / inputs of one output (He et al., "Delving Deep into Rectifiers", 2015); those of the
    /// last dense layer are uniform with variance 2 / (inputs + outputs) (Glorot and Bengio, 2010). Norms begin as the
    /// identity, biases with zeros.
    /// - Parameter seed: the source of the weights; same seed, same weights.
    /// - Throws: `NetworkError.Kind.invalidArchitecture` for layers that make no network, by the name of the first at fault.
    public init(_ description: NetworkDescription, seed: UInt64) throws(NetworkError) {
        self.description = description
        graph = try Graph(description)
        tensors = []
        let last = graph.parameters.last { $0.role == .weight }?.name
        for parameter in graph.parameters {
            do {
                var tensor = try Tensor(zeros: parameter.shape)
                switch parameter.role {
                case .bias, .shift, .runningMean: break
                case .scale, .runningVariance:
                    tensor.withUnsafeMutableBufferPointer { $0.update(repeating: 1) }
                case .weight:
                    var generator = SplitMix64(seed: seed, labels: "initial-weights", parameter.name)
                    let inputs = Double(parameter.shape.dropFirst().reduce(1, *))
                    let deviation = (2 / inputs).squareRoot()
                    let limit = (6 / (inputs + Double(parameter.shape[0]))).squareRoot()
                    let isLast = parameter.name == last
                    tensor.withUnsafeMutableBufferPointer { values in
                        for index in values.indices {
                            values[index] = Float(
                                isLast ? (2 * generator.nextUnit() - 1) * limit : generator.nextNormal() * deviation)
                        }
                    }
                }
                tensors.append(tensor)
            } catch {
                throw NetworkError(
                    .invalidArchitecture, "parameter '\(parameter.name)' of shape \(parameter.shape) is too large",
                    cause: error)
            }
        }
    }

    public var featureCount: Int { description.featureCount }

    public var classCount: Int { graph.classCount }

    /// How many numbers are learned or, as running statistics, kept.
    public var parameterCount: Int { tensors.reduce(0) { $0 + $1.count } }

    /// Everything the network has learned and the running statistics of its norms.
    ///
    /// Shares memory with the network until it trains again.
    public var parameters: [NamedTensor] {
        zip(graph.parameters, tensors).map { NamedTensor(name: $0.name, tensor: $1) }
    }

    public mutating func load(_ parameters: [NamedTensor]) throws(NetworkError) {
        let shapes = graph.parameters.map { ($0.name, $0.shape) }
        let known = parameters.filter { !$0.name.hasSuffix(".num_batches_tracked") }
        let fitting = try NamedTensor.matched(known, to: shapes, of: "this network")
        for (parameter, tensor) in zip(graph.parameters, fitting) where parameter.role == .runningVariance {
            guard tensor.withUnsafeBufferPointer({ $0.allSatisfy { $0 >= 0 } }) else {
                throw NetworkError(.parameterMismatch, "parameter '\(parameter.name)' has a negative variance")
            }
        }
        tensors = fitting
    }

    /// Whether no parameter is NaN or infinite.
    public var isFinite: Bool { tensors.allSatisfy(\.isFinite) }
}
