import CLZ4

/// LZ4 blocks (github.com/lz4/lz4, doc/lz4_Block_format.md), without a frame around them.
enum LZ4Block {
    /// Bytes of `raw` written to `output`, or `nil` when they do not fit.
    /// - Parameter acceleration: how quickly the search gives up where it finds nothing; 1 or more.
    static func compress(
        _ raw: UnsafeRawBufferPointer, acceleration: Int32 = 1, into output: UnsafeMutableRawBufferPointer
    ) -> Int? {
        guard raw.count <= LZ4_MAX_INPUT_SIZE, output.count > 0 else { return nil }
        let count = LZ4_compress_fast(
            raw.baseAddress?.assumingMemoryBound(to: CChar.self),
            output.baseAddress?.assumingMemoryBound(to: CChar.self), Int32(raw.count), Int32(clamping: output.count),
            acceleration)
        return count > 0 ? Int(count) : nil
    }

    /// Bytes that a few KiB would take.
    static func compressedSize(_ raw: UnsafeRawBufferPointer) -> Int {
        let bound = Int(LZ4_compressBound(Int32(raw.count)))
        return withUnsafeTemporaryAllocation(byteCount: bound, alignment: 16) { compress(raw, into: $0) ?? raw.count }
    }

    /// Unpacks `block` into `output`, which it must fill exactly.
    /// - Throws: `corrupt-shard` for anything else, having written nothing outside `output`.
    static func decompress(_ block: UnsafeRawBufferPointer, into output: UnsafeMutableRawBufferPointer)
        throws(DataSyncError)
    {
        let count = LZ4_decompress_safe(
            block.baseAddress?.assumingMemoryBound(to: CChar.self),
            output.baseAddress?.assumingMemoryBound(to: CChar.self), Int32(clamping: block.count),
            Int32(clamping: output.count))
        guard count == output.count else {
            throw DataSyncError(
                .corruptShard,
                count < 0 ? "a damaged LZ4 block" : "an LZ4 block of \(count) bytes in place of one of \(output.count)")
        }
    }
}
