extension Tensor {
    /// The sum of all values.
    public var sum: Double { withUnsafeBufferPointer { Kernels.sum($0) } }

    /// The mean of all values, or NaN when there is none.
    public var mean: Double { sum / Double(count) }

    /// The Euclidean norm of all values.
    public var norm: Double { withUnsafeBufferPointer { Kernels.sumOfSquares($0) }.squareRoot() }

    /// Whether no value is NaN or infinite.
    public var isFinite: Bool { withUnsafeBufferPointer { Kernels.isFinite($0) } }

    /// The inner product with a tensor of the same shape.
    /// - Throws: `TensorError.Kind.shapeMismatch` unless the shapes are equal.
    public func dot(_ other: Tensor) throws(TensorError) -> Double {
        guard shape == other.shape else {
            throw TensorError(.shapeMismatch, "tensors of shapes \(shape) and \(other.shape) have no inner product")
        }
        return withUnsafeBufferPointer { left in other.withUnsafeBufferPointer { Kernels.dot(left, $0) } }
    }

    /// The column of each row's first largest value.
    /// - Throws: `TensorError.Kind.invalidShape` when rows are empty; `TensorError.Kind.outOfRange` when a row holds nothing
    ///   but NaN.
    public func argmaxRows() throws(TensorError) -> [Int] {
        let columns = columns
        guard columns > 0 else { throw TensorError(.invalidShape, "rows of shape \(shape) are empty") }
        return try withUnsafeBufferPointer { values throws(TensorError) in
            var indices: [Int] = []
            indices.reserveCapacity(rows)
            for row in 0..<rows {
                let slice = UnsafeBufferPointer(rebasing: values[(row * columns)..<((row + 1) * columns)])
                guard let index = Kernels.indexOfMaximum(slice) else {
                    throw TensorError(.outOfRange, "row \(row) holds nothing but NaN")
                }
                indices.append(index)
            }
            return indices
        }
    }

    /// The mean cross-entropy of rows of logits against `labels`, in nats.
    /// - Throws: `TensorError.Kind.shapeMismatch` unless there is a label for each row and at least one row;
    ///   `TensorError.Kind.outOfRange` for a label that is no column.
    public func crossEntropy(_ labels: [Int32]) throws(TensorError) -> Double {
        try checkLabels(labels)
        let columns = columns
        let total = withUnsafeBufferPointer { logits in
            labels.withUnsafeBufferPointer { Kernels.crossEntropy(logits: logits, labels: $0, columns: columns) }
        }
        return total / Double(labels.count)
    }

    /// The gradient of the mean cross-entropy of these logits with respect to them, of the same shape.
    /// - Throws: as `crossEntropy(_:)`.
    public func crossEntropyGradient(_ labels: [Int32]) throws(TensorError) -> Tensor {
        try checkLabels(labels)
        var gradient = self
        let columns = columns
        gradient.softmaxRows()
        gradient.withUnsafeMutableBufferPointer { probabilities in
            labels.withUnsafeBufferPointer {
                Kernels.crossEntropyGradient(probabilities: probabilities, labels: $0, columns: columns)
            }
        }
        return gradient
    }

    private func checkLabels(_ labels: [Int32]) throws(TensorError) {
        guard shape.count == 2, !labels.isEmpty, labels.count == rows else {
            throw TensorError(.shapeMismatch, "\(labels.count) labels do not fit logits of shape \(shape)")
        }
        if let label = labels.first(where: { $0 < 0 || $0 >= columns }) {
            throw TensorError(.outOfRange, "label \(label) is outside 0..<\(columns)")
        }
    }
}
