/// A symmetric matrix of a few rows.
struct SmallMatrix: Sendable {
    let size: Int
    private var values: [Double]

    init(size: Int) {
        self.size = size
        values = [Double](repeating: 0, count: size * size)
    }

    /// Adds `weight` times the outer product of a vector with itself.
    mutating func add(_ vector: [Double], weight: Double) {
        for i in 0..<size {
            for j in 0..<size { values[i * size + j] += weight * vector[i] * vector[j] }
        }
    }

    /// The vector times the matrix times the vector.
    func form(_ vector: [Double]) -> Double {
        var sum = 0.0
        for i in 0..<size {
            for j in 0..<size { sum += vector[i] * values[i * size + j] * vector[j] }
        }
        return sum
    }

    /// Replaces a positive semidefinite matrix by its inverse, by Gauss and Jordan. A trace is added to the diagonal, so that
    /// columns that do the same have one.
    mutating func invert() {
        for i in 0..<size { values[i * size + i] *= 1 + 1e-9 }
        for pivot in 0..<size {
            let head = values[pivot * size + pivot]
            guard head > 0 else { continue }
            values[pivot * size + pivot] = 1
            for column in 0..<size { values[pivot * size + column] /= head }
            for row in 0..<size where row != pivot {
                let factor = values[row * size + pivot]
                values[row * size + pivot] = 0
                for column in 0..<size { values[row * size + column] -= factor * values[pivot * size + column] }
            }
        }
    }
}
