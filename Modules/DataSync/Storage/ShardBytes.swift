/// A shard's bytes in memory, shared without a copy.
public struct ShardBytes: Sendable {
    let buffer: ShardBuffer
    let range: Range<Int>

    public var count: Int { range.count }

    /// Lends the bytes; the pointer is valid inside `body` only.
    public func withUnsafeBytes<Result>(_ body: (UnsafeRawBufferPointer) throws -> Result) rethrows -> Result {
        defer { withExtendedLifetime(buffer) {} }
        return try body(buffer.bytes(range))
    }
}
