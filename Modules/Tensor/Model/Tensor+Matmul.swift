extension Tensor {
    /// The matrix product op(self) · op(other) of two matrices, where op transposes the operands named by
    /// `transposing`.
    /// - Throws: `TensorError.Kind.shapeMismatch` unless both have two axes and the inner extents agree;
    ///   `TensorError.Kind.unavailable` without OpenBLAS.
    public func matmul(
        _ other: Tensor, transposing: BLAS.Operands = []
    ) throws(TensorError) -> Tensor {
        guard shape.count == 2, other.shape.count == 2 else {
            throw TensorError(.shapeMismatch, "shapes \(shape) and \(other.shape) are not two matrices")
        }
        let (m, k) = transposing.contains(.left) ? (shape[1], shape[0]) : (shape[0], shape[1])
        let (inner, n) =
            transposing.contains(.right) ? (other.shape[1], other.shape[0]) : (other.shape[0], other.shape[1])
        guard k == inner else {
            throw TensorError(
                .shapeMismatch,
                "matrices of \(m) x \(k) and \(inner) x \(n) have no product: the inner extents differ")
        }
        guard max(m, n, k) <= Int32.max else {
            throw TensorError(.invalidShape, "an extent of \(max(m, n, k)) exceeds what OpenBLAS can index")
        }
        let blas = try BLAS.shared()
        var product = try Tensor(zeros: [m, n])
        product.withUnsafeMutableBufferPointer { product in
            withUnsafeBufferPointer { a in
                other.withUnsafeBufferPointer { b in
                    guard let a = a.baseAddress, let b = b.baseAddress, let c = product.baseAddress else { return }
                    blas.multiply(a, b, into: c, m: m, n: n, k: k, transposing: transposing)
                }
            }
        }
        return product
    }
}
