import Glibc

extension Kernels {
    /// Replaces every row of `columns` values by its softmax, exp(x - max) / Σ exp(x - max).
    ///
    /// Subtracting the row's maximum keeps every exponential in (0, 1], so that no input overflows. A row that holds NaN or
    /// +infinity becomes NaN.
    public static func softmaxRows(_ matrix: UnsafeMutableBufferPointer<Float>, columns: Int) {
        guard columns > 0 else { return }
        precondition(matrix.count.isMultiple(of: columns), "\(matrix.count) values are not rows of \(columns)")
        var start = 0
        while start < matrix.count {
            let row = UnsafeMutableBufferPointer(rebasing: matrix[start..<(start + columns)])
            let largest = maximum(UnsafeBufferPointer(row))
            var total: Float = 0
            for i in 0..<columns {
                row[i] = expf(row[i] - largest)
                total += row[i]
            }
            let factor = 1 / total
            for i in 0..<columns { row[i] *= factor }
            start += columns
        }
    }

    /// The cross-entropy of each row of logits against its label, Σ over rows of log Σ exp(x) - x[label], in nats.
    /// - Precondition: labels lie in 0 ..< `columns`, one for each row.
    public static func crossEntropy(
        logits: UnsafeBufferPointer<Float>, labels: UnsafeBufferPointer<Int32>, columns: Int
    ) -> Double {
        check(labels, rows: logits.count, columns: columns)
        var loss = 0.0
        for (row, label) in labels.enumerated() {
            let values = UnsafeBufferPointer(rebasing: logits[(row * columns)..<((row + 1) * columns)])
            let largest = maximum(values)
            var total = 0.0
            for value in values { total += Double(expf(value - largest)) }
            loss += log(total) + Double(largest) - Double(values[Int(label)])
        }
        return loss
    }

    /// Turns rows of softmax probabilities into the gradient of the mean cross-entropy with respect to the logits:
    /// (p - onehot(label)) / rows.
    /// - Precondition: labels lie in 0 ..< `columns`, one for each row.
    public static func crossEntropyGradient(
        probabilities: UnsafeMutableBufferPointer<Float>, labels: UnsafeBufferPointer<Int32>, columns: Int
    ) {
        check(labels, rows: probabilities.count, columns: columns)
        guard !labels.isEmpty else { return }
        for (row, label) in labels.enumerated() { probabilities[row * columns + Int(label)] -= 1 }
        scale(probabilities, by: 1 / Float(labels.count))
    }

    private static func check(_ labels: UnsafeBufferPointer<Int32>, rows values: Int, columns: Int) {
        precondition(columns > 0 && values == labels.count * columns, "\(values) values are not \(labels.count) rows")
        for label in labels {
            precondition(label >= 0 && label < columns, "label \(label) is outside 0..<\(columns)")
        }
    }
}
