extension Tensor {
    /// Adds `factor` times `other`, element by element.
    /// - Throws: `TensorError.Kind.shapeMismatch` unless the shapes are equal.
    public mutating func add(_ other: Tensor, times factor: Float = 1) throws(TensorError) {
        guard shape == other.shape else {
            throw TensorError(.shapeMismatch, "a tensor of shape \(other.shape) cannot be added to one of \(shape)")
        }
        withUnsafeMutableBufferPointer { values in
            other.withUnsafeBufferPointer { Kernels.axpy(factor, $0, into: values) }
        }
    }

    /// Multiplies every value by `factor`.
    public mutating func scale(by factor: Float) {
        withUnsafeMutableBufferPointer { Kernels.scale($0, by: factor) }
    }

    /// Replaces every negative value by 0.
    public mutating func relu() {
        withUnsafeMutableBufferPointer { Kernels.relu($0) }
    }

    /// Replaces every row by its softmax; a row is everything behind the first axis.
    public mutating func softmaxRows() {
        let columns = columns
        withUnsafeMutableBufferPointer { Kernels.softmaxRows($0, columns: columns) }
    }
}
