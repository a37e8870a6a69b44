/// An array of numbers whose element type and shape are known and whose bytes come out of a reader.
struct BinaryArray {
    let type: ElementType
    let shape: [Int]
    /// Whether the first axis runs fastest, as in Fortran and MATLAB.
    let isFortranOrder: Bool
    let reader: any ByteReader

    /// The first axis: samples.
    var rows: Int { shape[0] }
    /// Everything behind the first axis.
    let columns: Int

    /// - Throws: `DatasetError` when the shape makes no matrix, or exceeds the limits or what the reader can still give.
    init(
        type: ElementType, shape: [Int], isFortranOrder: Bool = false, reader: any ByteReader, limits: DatasetLimits
    ) throws {
        guard !shape.isEmpty, shape.count <= 32 else {
            throw DatasetError(
                .malformed,
                "\(reader.name): an array with \(shape.count) axes holds no samples; the first axis counts them")
        }
        var columns = 1
        for extent in shape.dropFirst() {
            guard extent >= 0 else { throw DatasetError(.malformed, "\(reader.name): shape \(shape) is not a shape") }
            columns = columns.multipliedClamped(by: extent)
        }
        guard shape[0] >= 0 else { throw DatasetError(.malformed, "\(reader.name): shape \(shape) is not a shape") }
        try limits.check(samples: shape[0], features: columns, of: reader.name)
        try reader.expectRoom(for: shape[0] * columns * type.size, what: "an array of shape \(shape)")
        self.type = type
        self.shape = shape
        self.isFortranOrder = isFortranOrder
        self.reader = reader
        self.columns = columns
    }

    /// All values, row by row.
    /// - Throws: `DatasetError` when the bytes end before, more follow, or a value is no finite float32 number.
    func features() throws -> [Float] {
        let count = rows * columns
        let order = isFortranOrder && count > 0 ? FortranOrder(shape: shape) : nil
        let features = try [Float](unsafeUninitializedCapacity: count) { features, initialized in
            var done = 0
            try forEachChunk { memory, values in
                for i in 0..<values {
                    guard let value = type.value(memory, at: i * type.size) else {
                        throw notFinite(type.rawValue(memory, at: i * type.size), at: order?.position(of: done) ?? done)
                    }
                    // Float is trivial: memory may be initialised in any order, and is freed as it is on an error.
                    features.initializeElement(at: order?.position(of: done) ?? done, to: value)
                    done += 1
                }
            }
            initialized = count
        }
        try reader.expectEnd(after: "the array")
        return features
    }

    /// All values as classes.
    /// - Throws: `DatasetError` as `features()`, or when a value is no whole number from 0.
    func labels() throws -> [Int32] {
        guard columns == 1 else {
            throw DatasetError(
                .malformed,
                "\(reader.name): labels of shape \(shape) are not one number for each sample; one-hot labels must be turned "
                    + "into class numbers")
        }
        var labels: [Int32] = []
        labels.reserveCapacity(rows)
        try forEachChunk { memory, values in
            for i in 0..<values {
                let value = type.rawValue(memory, at: i * type.size)
                guard value >= 0, value < Double(DatasetLimits.maximumClasses), value == value.rounded() else {
                    throw DatasetError(
                        .invalidLabel,
                        "\(reader.name): sample \(labels.count) (counted from 0) has the label \(value); labels are whole "
                            + "numbers from 0")
                }
                labels.append(Int32(value))
            }
        }
        try reader.expectEnd(after: "the array")
        return labels
    }

    private func forEachChunk(_ body: (UnsafeRawBufferPointer, Int) throws -> Void) throws {
        var left = rows * columns
        let chunk = UnsafeMutableRawBufferPointer.allocate(byteCount: 256 << 10, alignment: 16)
        defer { chunk.deallocate() }
        while left > 0 {
            let values = min(left, chunk.count / type.size)
            let used = UnsafeMutableRawBufferPointer(rebasing: chunk[0..<(values * type.size)])
            try reader.readExactly(into: used, what: "an array of shape \(shape)")
            try body(UnsafeRawBufferPointer(used), values)
            left -= values
        }
    }

    private func notFinite(_ value: Double, at position: Int) -> DatasetError {
        DatasetError(
            .invalidValue,
            "\(reader.name): sample \(position / columns), feature \(position % columns) (counted from 0) is \(value), which "
                + "is not a finite float32 number; remove the sample or put a number there")
    }
}

/// Where the values of an array whose first axis runs fastest belong when its last axis does.
private struct FortranOrder {
    private let shape: [Int]
    private let strides: [Int]

    init(shape: [Int]) {
        self.shape = shape
        var strides = [Int](repeating: 1, count: shape.count)
        for axis in stride(from: shape.count - 2, through: 0, by: -1) {
            strides[axis] = strides[axis + 1] * shape[axis + 1]
        }
        self.strides = strides
    }

    /// The row-major position of the value that is number `index` in the file.
    func position(of index: Int) -> Int {
        var rest = index
        var position = 0
        for axis in shape.indices {
            let (quotient, remainder) = rest.quotientAndRemainder(dividingBy: shape[axis])
            position += remainder * strides[axis]
            rest = quotient
        }
        return position
    }
}
