/// Whether 4-byte words are better left as they are: pixels and codes repeat as whole words, weights hardly ever do.
enum LeafSample {
    private static let slice = 2048

    static func isSmallerUnshuffled(_ raw: UnsafeRawBufferPointer, workspace: CodecWorkspace) -> Bool {
        let slice = min(Self.slice, raw.count & ~3)
        let start = ((raw.count - slice) / 2) & ~3
        let bytes = UnsafeRawBufferPointer(rebasing: raw[start..<(start + slice)])
        let plain = LZ4Block.compressedSize(bytes)
        guard plain < slice - slice / 32 else { return false }
        let planes = workspace.planes(words: slice / 4)
        ByteKernels.split(bytes, planes: planes, words: slice / 4)
        return plain <= LZ4Block.compressedSize(UnsafeRawBufferPointer(start: planes, count: slice))
    }

    /// Whether a leaf is to be stored packed. Words are when that makes them smaller by an eighth, which is worth unpacking them
    /// each time they are read: those of pruned and quantised models are, weights as they were trained are not.
    static func isWorthPacking(_ raw: UnsafeRawBufferPointer, elementBytes: Int) -> Bool {
        guard elementBytes == 4 else { return true }
        let slice = min(2 * Self.slice, raw.count & ~3)
        let start = ((raw.count - slice) / 2) & ~3
        let bytes = UnsafeRawBufferPointer(rebasing: raw[start..<(start + slice)])
        let limit = slice - slice / 8
        if LZ4Block.compressedSize(bytes) < limit { return true }
        return CodecWorkspace.lend { workspace in
            let (planes, words) = (workspace.planes(words: slice / 4), slice / 4)
            ByteKernels.split(bytes, planes: planes, words: words)
            let sizes = (0..<4).map { plane in
                LZ4Block.compressedSize(UnsafeRawBufferPointer(start: planes + plane * words, count: words))
            }
            return sizes.reduce(0) { $0 + min(words, $1) } < limit
        }
    }
}
