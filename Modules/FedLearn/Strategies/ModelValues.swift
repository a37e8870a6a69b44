/// A span of a model's values, little-endian float32 at any alignment. Valid inside the call that it is handed to.
public struct ModelValues {
    public let bytes: UnsafeRawBufferPointer

    init(_ bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

    @inlinable public var count: Int { bytes.count / MemoryLayout<Float>.size }

    @inlinable public subscript(index: Int) -> Float {
        bytes.loadUnaligned(fromByteOffset: index * MemoryLayout<Float>.size, as: Float.self)
    }
}

/// A span of the model in the making. Valid inside the call that it is handed to.
public struct StrategySpan {
    /// What the round started from.
    public let base: ModelValues
    /// First the combination of the updates, then what the strategy makes of it: the next model.
    public let model: UnsafeMutableBufferPointer<Float>
    /// First what the last round left, then what the next one gets; in the order of the strategy's `state`.
    public let state: [UnsafeMutableBufferPointer<Float>]
}
