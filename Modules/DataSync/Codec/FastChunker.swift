/// Cuts a stream where its content says so, so that an insertion moves the cuts near it and no others.
///
/// FastCDC (Xia et al., USENIX ATC 2016) with normalised chunking: a chunk of n bytes, n at least the minimum, ends where the
/// gear hash of its last 64 bytes is below 2^(64 - b), with b = log2(average) + 2 while n is less than the average and
/// log2(average) - 2 from then on; or at the maximum. The cuts do not depend on how the stream is divided into calls.
public struct FastChunker: Sendable {
    public struct Limits: Sendable, Hashable {
        public let minimum: Int
        /// Where chunks become easier to end; a power of two.
        public let average: Int
        public let maximum: Int

        /// What DataSync cuts files by: 16, 64 and 256 KiB.
        public static let leaves = Limits(minimum: 16 << 10, average: 64 << 10, maximum: 256 << 10)

        public init(minimum: Int, average: Int, maximum: Int) {
            precondition(
                minimum >= 64 && minimum <= average && average <= maximum && average & (average - 1) == 0,
                "a chunk is at least 64 bytes, minimum <= average <= maximum, and the average is a power of two")
            self.minimum = minimum
            self.average = average
            self.maximum = maximum
        }
    }

    /// Bytes that the hash depends on.
    private static let window = 64

    public let limits: Limits
    private let strict: UInt64
    private let loose: UInt64
    private var hash: UInt64 = 0
    /// Bytes of the chunk so far.
    public private(set) var pending = 0

    public init(_ limits: Limits = .leaves) {
        self.limits = limits
        let bits = limits.average.trailingZeroBitCount
        strict = 1 << UInt64(64 - bits - 2)
        loose = 1 << UInt64(64 - bits + 2)
    }

    /// Takes the stream's next bytes.
    /// - Returns: the sizes of the chunks that end in them, in order; the rest is `pending`.
    public mutating func feed(_ bytes: UnsafeRawBufferPointer) -> [Int] {
        var sizes: [Int] = []
        var rest = bytes
        while let end = endOfChunk(in: rest) {
            sizes.append(pending + end)
            rest = UnsafeRawBufferPointer(rebasing: rest[end...])
            (pending, hash) = (0, 0)
        }
        pending += rest.count
        return sizes
    }

    /// Ends the stream, or a file in it, and starts anew.
    /// - Returns: the size of the last chunk, or `nil` when nothing is left.
    public mutating func finish() -> Int? {
        defer { (pending, hash) = (0, 0) }
        return pending > 0 ? pending : nil
    }

    /// How many of `bytes` belong to the chunk that has `pending` bytes already, or `nil` for all of them, and more to come.
    private mutating func endOfChunk(in bytes: UnsafeRawBufferPointer) -> Int? {
        // Not hashed; hashed for what comes after; hashed and tested, strictly and then not so; each until the chunk has:
        let stages: [(until: Int, threshold: UInt64?)] = [
            (limits.minimum - Self.window, nil), (limits.minimum - 1, 0), (limits.average - 1, strict),
            (limits.maximum - 1, loose),
        ]
        var at = 0
        for (until, threshold) in stages {
            let end = min(bytes.count, until - pending)
            guard end > at else { continue }
            if let threshold {
                let range = UnsafeRawBufferPointer(rebasing: bytes[at..<end])
                let found = GearTable.values.withUnsafeBufferPointer { gear in
                    gear.baseAddress.flatMap { ByteKernels.gearScan(range, hash: &hash, gear: $0, below: threshold) }
                }
                if let found { return at + found + 1 }
            }
            at = end
        }
        return at < bytes.count ? at + 1 : nil
    }
}
