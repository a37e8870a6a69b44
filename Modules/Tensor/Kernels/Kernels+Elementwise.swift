extension Kernels {
    /// y ← y + a·x.
    public static func axpy(
        _ a: Float, _ x: UnsafeBufferPointer<Float>, into y: UnsafeMutableBufferPointer<Float>
    ) {
        accumulate(into: y, from: UnsafeRawBufferPointer(x), weight: a)
    }

    /// x ← a·x.
    public static func scale(_ x: UnsafeMutableBufferPointer<Float>, by a: Float) {
        guard let base = UnsafeMutableRawPointer(x.baseAddress) else { return }
        var i = 0
        while i + 16 <= x.count {
            store(load(base, i) * a, base, i)
            i += 16
        }
        while i < x.count {
            x[i] *= a
            i += 1
        }
    }

    /// x ← max(x, 0). NaN stays NaN.
    public static func relu(_ x: UnsafeMutableBufferPointer<Float>) {
        guard let base = UnsafeMutableRawPointer(x.baseAddress) else { return }
        var i = 0
        while i + 16 <= x.count {
            let values = load(base, i)
            store(values.replacing(with: 0, where: values .< 0), base, i)
            i += 16
        }
        while i < x.count {
            if x[i] < 0 { x[i] = 0 }
            i += 1
        }
    }

    /// The gradient through a rectifier: sets `gradient` to 0 wherever the rectifier's `output` is not positive.
    public static func reluGradient(
        _ gradient: UnsafeMutableBufferPointer<Float>, output: UnsafeBufferPointer<Float>
    ) {
        precondition(gradient.count == output.count, "\(gradient.count) gradients for \(output.count) outputs")
        guard let base = UnsafeMutableRawPointer(gradient.baseAddress), let mask = UnsafeRawPointer(output.baseAddress)
        else { return }
        var i = 0
        while i + 16 <= output.count {
            let values = load(base, i)
            store(values.replacing(with: 0, where: load(mask, i) .<= 0), base, i)
            i += 16
        }
        while i < output.count {
            if output[i] <= 0 { gradient[i] = 0 }
            i += 1
        }
    }

    /// Adds the vector `row` to every row of a matrix with as many columns as it has values.
    public static func addRow(
        _ row: UnsafeBufferPointer<Float>, toEachRowOf matrix: UnsafeMutableBufferPointer<Float>
    ) {
        guard !row.isEmpty else { return }
        precondition(matrix.count.isMultiple(of: row.count), "\(matrix.count) values are not rows of \(row.count)")
        var start = 0
        while start < matrix.count {
            axpy(1, row, into: UnsafeMutableBufferPointer(rebasing: matrix[start..<(start + row.count)]))
            start += row.count
        }
    }

    /// The sum of all rows of a matrix with as many columns as `sums` has values, added in order from the first row.
    public static func sumOfRows(
        _ matrix: UnsafeBufferPointer<Float>, into sums: UnsafeMutableBufferPointer<Float>
    ) {
        sums.update(repeating: 0)
        guard !sums.isEmpty else { return }
        precondition(matrix.count.isMultiple(of: sums.count), "\(matrix.count) values are not rows of \(sums.count)")
        var start = 0
        while start < matrix.count {
            axpy(1, UnsafeBufferPointer(rebasing: matrix[start..<(start + sums.count)]), into: sums)
            start += sums.count
        }
    }
}
