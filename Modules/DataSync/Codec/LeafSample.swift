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
}
