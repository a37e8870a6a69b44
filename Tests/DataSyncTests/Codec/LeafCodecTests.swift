import Core
import TestKit
import Testing

@testable import DataSync

struct LeafCodecTests {
    /// Encodes at an odd address, decodes at another, and compares.
    /// - Returns: how it was written, if it paid.
    @discardableResult
    private func check(
        _ raw: [UInt8], elementBytes: Int, level: LeafCodec.Level
    ) throws -> (encoding: LeafEncoding, payload: [UInt8])? {
        let shifted = [0] + raw
        let made = shifted.withUnsafeBytes {
            LeafCodec.encode(.init(rebasing: $0[1...]), elementBytes: elementBytes, level: level)
        }
        guard let made else { return nil }
        #expect(made.payload.count <= raw.count - raw.count / 32)
        let payload = [0, 0, 0] + made.payload
        var back = [UInt8](repeating: 0xaa, count: raw.count + 2)
        try payload.withUnsafeBytes { payload in
            try back.withUnsafeMutableBytes { back in
                try LeafCodec.decode(
                    .init(rebasing: payload[3...]), made.encoding, into: .init(rebasing: back[1..<(raw.count + 1)]))
            }
        }
        #expect(back[0] == 0xaa && back[raw.count + 1] == 0xaa && Array(back[1..<(raw.count + 1)]) == raw)
        return made
    }

    @Test(arguments: LeafCodec.Level.allCases, [1, 4]) func everySizeComesBack(
        level: LeafCodec.Level, elementBytes: Int
    ) throws {
        var random = SeededGenerator()
        var compressed = 0
        for size in Array(0...70) + [127, 128, 129, 4095, 4096, 4097, 65_535, 65_536, 262_144, 262_147] {
            try check(Bytes.noise(size, seed: random.next()), elementBytes: elementBytes, level: level)
            for raw in [Bytes.text(size, seed: random.next()), [UInt8](repeating: 7, count: size)] {
                if try check(raw, elementBytes: elementBytes, level: level) != nil { compressed += 1 }
            }
        }
        #expect(compressed > 20)
    }

    @Test func weightsAreShuffledAndPixelsAreNot() throws {
        let weights = CodecSamples.bytes(CodecSamples.weights(16_384, seed: 3))
        #expect(try check(weights, elementBytes: 4, level: .fast)?.encoding == .shuffledLZ4)
        let small = try #require(try check(weights, elementBytes: 4, level: .small))
        #expect(small.encoding == .shuffledZstd)
        #expect(Double(weights.count) / Double(small.payload.count) > 1.19)
        let pixels = CodecSamples.bytes((0..<16_384).map { Float($0 % 64 == 9 ? $0 % 17 : 0) / 16 })
        #expect(try check(pixels, elementBytes: 4, level: .fast)?.encoding == .lz4)
    }

    @Test func strangeBitsComeBack() throws {
        let bytes = CodecSamples.bytes((0..<20_000).map { CodecSamples.strange[$0 % CodecSamples.strange.count] })
        for level in LeafCodec.Level.allCases { #expect(try check(bytes, elementBytes: 4, level: level) != nil) }
    }

    @Test func rawIsRaw() throws {
        #expect(try ArrayCodec.leaf([1, 2, 3], .raw, size: 3) == [1, 2, 3])
        #expect(throws: DataSyncError.self) { try ArrayCodec.leaf([1, 2, 3], .raw, size: 4) }
    }
}
