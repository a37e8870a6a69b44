/// Bytes in memory that are shared without a copy: of a shard, a leaf, or whatever an attachment lends.
public struct ShardBytes: Sendable {
    let buffer: ShardBuffer
    let range: Range<Int>

    init(buffer: ShardBuffer, range: Range<Int>) {
        self.buffer = buffer
        self.range = range
    }

    /// Lends `bytes`, which stay valid and unchanged for as long as `owner` lives.
    public init(owner: any AnyObject & Sendable, bytes: UnsafeRawBufferPointer) {
        self.init(buffer: ShardBuffer(lender: owner, bytes: bytes), range: 0..<bytes.count)
    }

    /// A copy of `bytes`.
    public init(copying bytes: UnsafeRawBufferPointer) {
        let buffer = ShardBuffer(capacity: bytes.count)
        buffer.memory.copyMemory(from: bytes)
        self.init(buffer: buffer, range: 0..<bytes.count)
    }

    public var count: Int { range.count }

    /// Lends the bytes; the pointer is valid inside `body` only.
    public func withUnsafeBytes<Result>(_ body: (UnsafeRawBufferPointer) throws -> Result) rethrows -> Result {
        defer { withExtendedLifetime(buffer) {} }
        return try body(buffer.bytes(range))
    }

    /// The bytes at `part`, counted from 0, sharing the memory.
    /// - Precondition: `part` lies within `0..<count`.
    public func slice(_ part: Range<Int>) -> ShardBytes {
        precondition(part.lowerBound >= 0 && part.upperBound <= count, "a slice lies within its bytes")
        return ShardBytes(
            buffer: buffer, range: range.lowerBound + part.lowerBound..<range.lowerBound + part.upperBound)
    }
}
