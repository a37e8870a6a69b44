public import Tensor

/// A tensor and the name it has in its network, such as `dense0.weight`.
public struct NamedTensor: Sendable, Equatable {
    public let name: String
    public var tensor: Tensor

    public init(name: String, tensor: Tensor) {
        self.name = name
        self.tensor = tensor
    }
}
