import Core
import DataSync

/// `datasync.chunk`: how fast one core finds the cuts of 256 MiB of noise that comes in pieces of 1 MiB.
struct ChunkBenchmark {
    private static let size = 256 << 20

    func run() throws {
        var random = SplitMix64(seed: 1, labels: "chunks")
        let words = (0..<(Self.size / 8)).map { _ in random.next() }
        var chunks = 0
        let seconds = words.withUnsafeBytes { bytes in
            Measurement.seconds {
                var chunker = FastChunker()
                chunks = 0
                for start in stride(from: 0, to: bytes.count, by: 1 << 20) {
                    chunks += chunker.feed(.init(rebasing: bytes[start..<(start + 1 << 20)])).count
                }
                if chunker.finish() != nil { chunks += 1 }
            }
        }
        let mean = Self.size / chunks
        guard (48 << 10...112 << 10).contains(mean) else {
            throw Failure(code: "wrong", message: "chunks of \(mean) bytes in the mean")
        }
        Measurement(
            benchmark: "datasync.chunk", variant: "FastCDC, 1 thread", value: Double(Self.size) / seconds / 1e9,
            unit: "GB/s"
        ).print()
    }
}
