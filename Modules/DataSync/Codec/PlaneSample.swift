/// What a few slices of some bytes tell of the rest.
struct PlaneSample {
    /// Bytes looked at.
    let size: Int
    /// What LZ4 makes of them.
    let byMatches: Int
    /// What they take when each value has the bits that its frequency deserves.
    let bySymbols: Int

    private static let slice = 1024

    init(_ bytes: UnsafeRawBufferPointer) {
        size = min(Self.slice, bytes.count) & ~1
        // One stretch for repetitions and two halves for frequencies, away from the ends, where headers and padding are.
        let half = size / 2
        let (first, second) = (bytes.count / 4 - half / 2, bytes.count / 4 * 3 - half / 2)
        let middle = (bytes.count - size) / 2
        byMatches = LZ4Block.compressedSize(UnsafeRawBufferPointer(rebasing: bytes[middle..<(middle + size)]))
        bySymbols = ByteKernels.entropy(
            UnsafeRawBufferPointer(rebasing: bytes[max(0, first)..<(max(0, first) + half)]),
            UnsafeRawBufferPointer(rebasing: bytes[max(0, second)..<(max(0, second) + half)]))
    }

    /// Whether repetitions are worth removing.
    var hasMatches: Bool { byMatches < size - size / 32 }

    /// Whether frequencies are worth using: noise seems to have 2 % less entropy in a sample of 1024 bytes than it has.
    var hasSymbols: Bool { bySymbols < size - size / 16 }

    /// Whether frequencies alone gain more than repetitions do.
    var favoursSymbols: Bool { bySymbols < byMatches && bySymbols > size / 10 }
}
