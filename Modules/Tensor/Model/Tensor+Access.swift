extension Tensor {
    /// The value at the flat, row-major `index`.
    public subscript(index: Int) -> Float {
        get {
            precondition(index >= 0 && index < count, "index \(index) is outside 0..<\(count)")
            return storage.base[index]
        }
        set {
            precondition(index >= 0 && index < count, "index \(index) is outside 0..<\(count)")
            makeUnique()
            storage.base[index] = newValue
        }
    }

    /// The value at `row` and `column`, everything behind the first axis being columns.
    public subscript(row: Int, column: Int) -> Float {
        get {
            precondition(column >= 0 && column < columns, "column \(column) is outside 0..<\(columns)")
            return self[row * columns + column]
        }
        set {
            precondition(column >= 0 && column < columns, "column \(column) is outside 0..<\(columns)")
            self[row * columns + column] = newValue
        }
    }

    /// Gives `body` the values in row-major order. The pointer must not outlive the call.
    public func withUnsafeBufferPointer<Result, Failure: Error>(
        _ body: (UnsafeBufferPointer<Float>) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try body(UnsafeBufferPointer(start: storage.base, count: count))
    }

    /// Gives `body` the values to change, in memory that no other tensor shares. The pointer must not outlive the call.
    public mutating func withUnsafeMutableBufferPointer<Result, Failure: Error>(
        _ body: (UnsafeMutableBufferPointer<Float>) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        makeUnique()
        return try body(UnsafeMutableBufferPointer(start: storage.base, count: count))
    }

    /// The values in row-major order.
    public var values: [Float] { withUnsafeBufferPointer { Array($0) } }
}
