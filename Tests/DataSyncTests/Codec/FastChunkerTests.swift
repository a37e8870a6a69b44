import Core
import TestKit
import Testing

@testable import DataSync

struct FastChunkerTests {
    private static let limits = FastChunker.Limits(minimum: 512, average: 2048, maximum: 8192)

    @Test func cutsDoNotDependOnThePieces() {
        let bytes = Bytes.noise(1 << 18, seed: 5)
        let expected = ArrayCodec.sizes(bytes, Self.limits)
        #expect(expected.reduce(0, +) == bytes.count && expected.count > 60)
        for pieces in [1, 63, 64, 65, 511, 4096, 5000] {
            #expect(ArrayCodec.sizes(bytes, pieces: pieces, Self.limits) == expected)
        }
    }

    @Test func sizesKeepTheirLimits() {
        var random = SeededGenerator()
        for bytes in [
            Bytes.noise(1 << 20, seed: random.next()), Bytes.text(1 << 20, seed: random.next()),
            [UInt8](repeating: 0, count: 100_000),
        ] {
            let sizes = ArrayCodec.sizes(bytes, .leaves)
            #expect(sizes.reduce(0, +) == bytes.count)
            for size in sizes.dropLast() { #expect((16 << 10...256 << 10).contains(size)) }
            #expect((sizes.last ?? 0) <= 256 << 10)
        }
        #expect(ArrayCodec.sizes([], .leaves).isEmpty)
        #expect(ArrayCodec.sizes([1], .leaves) == [1])
    }

    @Test func noiseIsCutNearTheAverage() {
        var random = SeededGenerator()
        let sizes = ArrayCodec.sizes(Bytes.noise(1 << 22, seed: random.next()), Self.limits)
        let mean = (1 << 22) / sizes.count
        #expect((1536...3584).contains(mean))
        // Few end because they must.
        #expect(sizes.count { $0 == Self.limits.maximum } < sizes.count / 50)
    }

    /// Cuts as offsets from the end of the stream, which an insertion does not move.
    private func ends(_ bytes: [UInt8]) -> [Int] {
        var rest = bytes.count
        return ArrayCodec.sizes(bytes, Self.limits).map { size in
            rest -= size
            return rest
        }
    }

    @Test func anInsertionMovesTheCutsNearItOnly() {
        var random = SeededGenerator()
        var total = 0
        for _ in 0..<20 {
            let bytes = Bytes.noise(1 << 18, seed: random.next())
            let at = Int.random(in: 1000..<(bytes.count - 100_000), using: &random)
            var longer = bytes
            longer.insert(UInt8.random(in: 0...255, using: &random), at: at)
            let (before, after) = (Set(ends(bytes)), Set(ends(longer)))
            let changed = before.symmetricDifference(after).filter { $0 < bytes.count - at }
            // Cuts fall together again after a few chunks, and stay so.
            #expect(changed.allSatisfy { $0 > bytes.count - at - 12 * Self.limits.maximum }, "at \(at)")
            total += changed.count
            #expect(
                before.filter { $0 >= bytes.count - at }
                    == Set(ends(longer).filter { $0 > bytes.count - at }.map { $0 - 1 }), "at \(at)")
        }
        // Mostly at once; a single insertion may take a dozen, by chance.
        #expect(total <= 40)
    }
}
