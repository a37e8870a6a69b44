/// A dense array of float32 values in row-major order, with value semantics.
///
/// Storage is 64-byte aligned and shared until one of the copies is written to. Operations that can be given operands of
/// the wrong shape throw `TensorError` and leave their result untouched; element access traps like an array's.
public struct Tensor: Sendable {
    /// The extent of each axis; empty for a single value.
    public let shape: [Int]
    /// The memory behind the values, shared with copies of this tensor.
    public private(set) var storage: FloatBuffer

    /// A tensor of zeros.
    /// - Throws: `TensorError.Kind.invalidShape` for a negative extent or a size that overflows.
    public init(zeros shape: [Int]) throws(TensorError) {
        let count = try Self.count(of: shape)
        self.shape = shape
        storage = FloatBuffer(uninitialized: count)
        storage.base.initialize(repeating: 0, count: count)
    }

    /// A tensor of `shape` with `values` in row-major order.
    /// - Throws: `TensorError.Kind.shapeMismatch` unless there is a value for each element.
    public init(_ values: some Collection<Float>, shape: [Int]) throws(TensorError) {
        let count = try Self.count(of: shape)
        guard values.count == count else {
            throw TensorError(
                .shapeMismatch, "shape \(shape) holds \(count) values, but \(values.count) were given")
        }
        self.shape = shape
        storage = FloatBuffer(uninitialized: count)
        _ = UnsafeMutableBufferPointer(start: storage.base, count: count).initialize(from: values)
    }

    /// A tensor of `shape` whose values `initialize` writes, all of them.
    public init(
        uninitialized shape: [Int], initialize: (UnsafeMutableBufferPointer<Float>) throws -> Void
    ) throws {
        let count = try Self.count(of: shape)
        self.shape = shape
        storage = FloatBuffer(uninitialized: count)
        try initialize(UnsafeMutableBufferPointer(start: storage.base, count: count))
    }

    /// A tensor of `shape` read from little-endian float32 `bytes`, at any alignment.
    /// - Throws: `TensorError.Kind.shapeMismatch` unless there are exactly four bytes for each element.
    public init(littleEndian bytes: UnsafeRawBufferPointer, shape: [Int]) throws(TensorError) {
        let count = try Self.count(of: shape)
        guard bytes.count == count * MemoryLayout<Float>.stride else {
            throw TensorError(
                .shapeMismatch,
                "shape \(shape) takes \(count * MemoryLayout<Float>.stride) bytes, but \(bytes.count) were given")
        }
        self.shape = shape
        storage = FloatBuffer(uninitialized: count)
        UnsafeMutableRawBufferPointer(start: storage.base, count: bytes.count).copyMemory(from: bytes)
    }

    private init(shape: [Int], storage: FloatBuffer) {
        self.shape = shape
        self.storage = storage
    }

    /// The number of values.
    public var count: Int { storage.count }

    /// The extent of the first axis, or 1 for a single value.
    public var rows: Int { shape.first ?? 1 }

    /// How many values a row (everything behind the first axis) has.
    public var columns: Int { shape.dropFirst().reduce(1, *) }

    /// The same values under another shape, sharing memory.
    public func reshaped(_ shape: [Int]) throws(TensorError) -> Tensor {
        let count = try Self.count(of: shape)
        guard count == self.count else {
            throw TensorError(.shapeMismatch, "\(self.count) values of shape \(self.shape) cannot take shape \(shape)")
        }
        return Tensor(shape: shape, storage: storage)
    }

    /// How many values `shape` holds.
    /// - Throws: `TensorError.Kind.invalidShape` for a negative extent or a product whose bytes overflow `Int`.
    public static func count(of shape: [Int]) throws(TensorError) -> Int {
        var count = 1
        for extent in shape {
            guard extent >= 0 else { throw TensorError(.invalidShape, "shape \(shape) has a negative extent") }
            let (product, overflow) = count.multipliedReportingOverflow(by: extent)
            guard !overflow, product <= Int.max / MemoryLayout<Float>.stride / 2 else {
                throw TensorError(.invalidShape, "shape \(shape) holds more values than memory can")
            }
            count = product
        }
        return count
    }

    /// Gives this tensor memory of its own when it shares it.
    mutating func makeUnique() {
        if !isKnownUniquelyReferenced(&storage) { storage = storage.copy() }
    }
}

extension Tensor: Equatable {
    /// Whether shapes and values are equal; a tensor with NaN equals none.
    public static func == (left: Tensor, right: Tensor) -> Bool {
        left.shape == right.shape
            && left.withUnsafeBufferPointer { left in
                right.withUnsafeBufferPointer { right in left.elementsEqual(right) }
            }
    }
}
