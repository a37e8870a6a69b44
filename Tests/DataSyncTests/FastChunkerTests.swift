import Core
import Testing

@testable import DataSync

struct FastChunkerTests {
    private func sizes(_ bytes: [UInt8], pieces: Int = .max, _ limits: FastChunker.Limits = .leaves) -> [Int] {
        var chunker = FastChunker(limits)
        var sizes: [Int] = []
        bytes.withUnsafeBytes { bytes in
            var at = 0
            while at < bytes.count {
                let end = pieces < bytes.count - at ? at + pieces : bytes.count
                sizes += chunker.feed(.init(rebasing: bytes[at..<end]))
                at = end
            }
        }
        if let last = chunker.finish() { sizes.append(last) }
        return sizes
    }

    @Test func cutsDoNotDependOnThePieces() {
        let limits = FastChunker.Limits(minimum: 512, average: 2048, maximum: 8192)
        let bytes = Bytes.noise(1 << 18, seed: 5)
        let expected = sizes(bytes, pieces: .max, limits)
        #expect(expected.reduce(0, +) == bytes.count && expected.count > 60)
        for pieces in [1, 63, 64, 65, 511, 4096, 5000] { #expect(sizes(bytes, pieces: pieces, limits) == expected) }
    }
}
