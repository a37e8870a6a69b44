import Core
import TestKit
import Testing

@testable import DataSync

struct FloatDeltaTests {
    /// Encodes with room to spare, decodes at an odd address, and compares.
    private func check(_ new: [UInt8], _ base: [UInt8], _ entropy: Entropy) throws -> Int {
        let delta = try #require(ArrayCodec.delta(new, base: base, entropy))
        #expect(try decoded(delta, base, entropy, new.count) == new)
        return delta.count
    }

    /// Everything one byte past an aligned address.
    private func decoded(_ delta: [UInt8], _ base: [UInt8], _ entropy: Entropy, _ size: Int) throws -> [UInt8] {
        let (delta, base) = ([0] + delta, [0] + base)
        var values = [UInt8](repeating: 0xaa, count: size + 2)
        try delta.withUnsafeBytes { delta in
            try base.withUnsafeBytes { base in
                try values.withUnsafeMutableBytes { values in
                    try FloatDelta.decode(
                        .init(rebasing: delta[1...]), base: .init(rebasing: base[1...]), entropy: entropy,
                        into: .init(rebasing: values[1..<(size + 1)]))
                }
            }
        }
        #expect(values.first == 0xaa && values.last == 0xaa)
        return Array(values[1..<(size + 1)])
    }

    @Test(arguments: Entropy.allCases) func everySizeComesBack(entropy: Entropy) throws {
        var random = SeededGenerator()
        let sizes = Array(0...70) + [4095, 4096, 4097, 131_071, 131_072, 131_073, 131_076, 300_001]
        for size in sizes {
            let base = Bytes.noise(size, seed: random.next())
            var new = base
            for index in new.indices where index % 7 == 3 { new[index] &+= UInt8.random(in: 0...3, using: &random) }
            _ = try check(new, base, entropy)
        }
    }

    @Test(arguments: Entropy.allCases) func everyBitPatternComesBack(entropy: Entropy) throws {
        let words = CodecSamples.strange
        let new = CodecSamples.bytes(words.flatMap { word in words.map { _ in word } })
        let base = CodecSamples.bytes(words.flatMap { _ in words })
        _ = try check(new, base, entropy)
    }

    @Test(arguments: [(Entropy.lz4, 1.4), (.zstd, 1.6)]) func aStepOfTrainingIsSmall(entropy: Entropy, ratio: Double)
        throws
    {
        let weights = CodecSamples.weights(1 << 16, seed: 1)
        let new = CodecSamples.trained(weights, seed: 2)
        let size = try check(CodecSamples.bytes(new), CodecSamples.bytes(weights), entropy)
        #expect(Double(4 * weights.count) / Double(size) > ratio)
    }

    @Test func whatIsNotSmallerIsNotMade() {
        let (new, base) = (Bytes.noise(65_536, seed: 1), Bytes.noise(65_536, seed: 2))
        for entropy in Entropy.allCases {
            new.withUnsafeBytes { new in
                base.withUnsafeBytes { base in
                    #expect(FloatDelta.encode(new: new, base: base, entropy: entropy) == nil)
                    #expect(FloatDelta.encode(new: base, base: base, entropy: entropy, limit: 64)?.count ?? 65 < 64)
                    #expect(FloatDelta.encode(new: new, base: .init(rebasing: base[1...]), entropy: entropy) == nil)
                }
            }
        }
    }
}
