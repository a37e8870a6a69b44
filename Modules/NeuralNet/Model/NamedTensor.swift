public import Tensor

/// A tensor and the name it has in its network, such as `dense0.weight`.
public struct NamedTensor: Sendable, Equatable {
    public let name: String
    public var tensor: Tensor

    public init(name: String, tensor: Tensor) {
        self.name = name
        self.tensor = tensor
    }

    /// The tensors of `parameters` in the order of `shapes`.
    /// - Parameter owner: whose parameters they must be, for a message.
    /// - Throws: `NetworkError.Kind.parameterMismatch` when one is missing, unknown, given twice, or of another shape;
    ///   `NetworkError.Kind.notFinite` when one holds NaN or infinity.
    static func matched(
        _ parameters: [NamedTensor], to shapes: [(name: String, shape: [Int])], of owner: String
    ) throws(NetworkError) -> [Tensor] {
        var byName: [String: Tensor] = [:]
        for parameter in parameters {
            guard byName.updateValue(parameter.tensor, forKey: parameter.name) == nil else {
                throw NetworkError(.parameterMismatch, "parameter '\(parameter.name)' is given twice")
            }
        }
        var tensors: [Tensor] = []
        for (name, shape) in shapes {
            guard let tensor = byName.removeValue(forKey: name) else {
                throw NetworkError(
                    .parameterMismatch, "parameter '\(name)' of shape \(shape) is missing; the model is of another kind"
                )
            }
            guard tensor.shape == shape else {
                throw NetworkError(
                    .parameterMismatch,
                    "parameter '\(name)' has shape \(tensor.shape), but this network's has \(shape)")
            }
            guard tensor.isFinite else {
                throw NetworkError(.notFinite, "parameter '\(name)' holds NaN or infinity")
            }
            tensors.append(tensor)
        }
        if let unknown = byName.keys.min() {
            throw NetworkError(.parameterMismatch, "parameter '\(unknown)' is not one of \(owner)")
        }
        return tensors
    }
}
