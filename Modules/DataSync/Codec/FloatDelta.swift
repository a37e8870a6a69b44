/// The difference between two versions of the same float32 values; lossless, whatever the bits.
///
/// Between two rounds of training a weight moves by few of the floats that there are between its old and its new value. So
/// the difference counts floats: bit patterns are mapped to integers of the floats' order, subtracted, and zigzag-coded; then
/// the high bytes, told apart by place, are mostly zero.
public enum FloatDelta {
    /// The most bytes of values that one difference spans.
    public static let maximumSize = 1 << 24

    /// Blocks whose values, base and planes stay in the second cache.
    private static let logBlockWords = 16

    /// Words of the largest block a decoder takes.
    private static let logBlockWordsRange: ClosedRange<UInt8> = 10...18

    /// Writes the difference that leads from `base` to `new` to `output`.
    /// - Parameters:
    ///   - new: little-endian float32 values at any address; bytes beyond the last whole value are kept as they are.
    ///   - base: as many bytes.
    ///   - output: as large as the largest difference that is worth having, such as what the values take without one.
    /// - Returns: bytes written, or `nil` when `output` is too small for it or the sizes do not fit.
    public static func encode(
        new: UnsafeRawBufferPointer, base: UnsafeRawBufferPointer, entropy: Entropy,
        into output: UnsafeMutableRawBufferPointer
    ) -> Int? {
        guard new.count == base.count, new.count <= maximumSize, output.count >= BlockHeader.size else { return nil }
        let tail = new.count % 4
        BlockHeader(elementBytes: 4, logBlockWords: UInt8(logBlockWords), rawSize: new.count).write(to: output)
        return CodecWorkspace.lend { workspace in
            var written = BlockHeader.size
            for (start, words) in blocks(of: new.count, logBlockWords: logBlockWords) {
                let range = start..<(start + 4 * words)
                let planes = workspace.planes(words: words)
                ByteKernels.split(
                    UnsafeRawBufferPointer(rebasing: new[range]), minus: UnsafeRawBufferPointer(rebasing: base[range]),
                    planes: planes, words: words)
                guard
                    let count = PlaneBlock.encode(
                        UnsafeRawBufferPointer(start: planes, count: 4 * words), entropy: entropy,
                        workspace: workspace, into: UnsafeMutableRawBufferPointer(rebasing: output[written...]))
                else { return nil }
                written += count
            }
            guard output.count - written >= tail else { return nil }
            UnsafeMutableRawBufferPointer(rebasing: output[written...])
                .copyMemory(from: UnsafeRawBufferPointer(rebasing: new[(new.count - tail)...]))
            return written + tail
        }
    }

    /// As `encode(new:base:entropy:into:)`, into an array.
    /// - Parameter limit: the most bytes that are worth having; `nil` for 31/32 of the values'.
    public static func encode(
        new: UnsafeRawBufferPointer, base: UnsafeRawBufferPointer, entropy: Entropy, limit: Int? = nil
    ) -> [UInt8]? {
        var isEncoded = false
        let limit = min(limit ?? (new.count - new.count / 32), new.count)
        let delta = [UInt8](unsafeUninitializedCapacity: max(0, limit)) { buffer, count in
            guard let written = encode(new: new, base: base, entropy: entropy, into: .init(buffer)) else { return }
            (isEncoded, count) = (true, written)
        }
        return isEncoded ? delta : nil
    }

    /// Writes the values that `delta` leads to from `base` to `values`, which it must fill exactly.
    ///
    /// That `base` is the one it was made from is for the caller to verify, by the digest of the result.
    /// - Throws: `corrupt-shard` for a difference that is damaged or of other sizes; then nothing outside `values` was
    ///   written and what is in it means nothing. Memory does not depend on what `delta` claims.
    public static func decode(
        _ delta: UnsafeRawBufferPointer, base: UnsafeRawBufferPointer, entropy: Entropy,
        into values: UnsafeMutableRawBufferPointer
    ) throws(DataSyncError) {
        let header = try BlockHeader(reading: delta)
        guard header.rawSize == values.count, base.count == values.count, values.count <= maximumSize else {
            throw DataSyncError(
                .corruptShard,
                "a difference of \(header.rawSize) bytes for a base of \(base.count) in place of one of \(values.count)"
            )
        }
        guard header.elementBytes == 4, logBlockWordsRange.contains(header.logBlockWords) else {
            throw DataSyncError(.corruptShard, "a difference of \(header.elementBytes)-byte elements in unknown blocks")
        }
        var offset = BlockHeader.size
        try CodecWorkspace.lend { workspace throws(DataSyncError) in
            for (start, words) in blocks(of: values.count, logBlockWords: Int(header.logBlockWords)) {
                let range = start..<(start + 4 * words)
                let rest = UnsafeRawBufferPointer(rebasing: delta[offset...])
                offset += try PlaneBlock.decode(rest, words: words, entropy: entropy, workspace: workspace) { planes in
                    ByteKernels.join(
                        planes, plus: UnsafeRawBufferPointer(rebasing: base[range]),
                        into: UnsafeMutableRawBufferPointer(rebasing: values[range]), words: words)
                }
            }
        }
        let tail = values.count % 4
        guard delta.count - offset == tail else {
            throw DataSyncError(.corruptShard, "a difference with \(delta.count - offset) bytes after its last block")
        }
        UnsafeMutableRawBufferPointer(rebasing: values[(values.count - tail)...])
            .copyMemory(from: UnsafeRawBufferPointer(rebasing: delta[offset...]))
    }

    /// Byte offset and words of each block of `size` bytes.
    private static func blocks(of size: Int, logBlockWords: Int) -> [(start: Int, words: Int)] {
        let words = size / 4
        return stride(from: 0, to: words, by: 1 << logBlockWords).map { (4 * $0, min(words - $0, 1 << logBlockWords)) }
    }
}
