import Contracts
import Core
import Foundation
import Tensor
import TestKit
import Testing

@testable import FedLearn

/// The codecs alone.
@Suite struct UpdateCodecTests {
    static let specs = [
        CompressionSpec(kind: .fp16), CompressionSpec(kind: .bfloat16), CompressionSpec(kind: .int8),
        CompressionSpec(kind: .topK, fraction: 0.1), CompressionSpec(kind: .topK, fraction: 0.0001),
        CompressionSpec(kind: .topK, fraction: 1),
    ]

    private static func codec(_ spec: CompressionSpec) throws -> UpdateCodec {
        try #require(UpdateCodec(spec))
    }

    /// Changes of all sizes, with ties, zeros and subnormals.
    private static func changes(_ count: Int, seed: UInt64 = 1) -> [Float] {
        var generator = SplitMix64(seed: seed)
        return (0..<count).map { index in
            switch index % 7 {
            case 0: 0
            case 1: index % 2 == 0 ? 0.25 : -0.25
            case 2: Float(generator.nextNormal() * 1e-39)
            case 3: Float(generator.nextNormal()) * 100
            default: Float(generator.nextNormal()) * 0.01
            }
        }
    }

    private static func decoded(_ bytes: [UInt8], _ codec: UpdateCodec, _ range: Range<Int>, of count: Int) -> [Float] {
        let pieces = codec.pieces(for: range, of: count).map { Array(bytes[$0]) }
        var values = [Float](repeating: 0, count: range.count)
        values.withUnsafeMutableBufferPointer { codec.add(pieces, for: range, to: $0) }
        return values
    }

    @Test(arguments: specs) func anyRangeDecodesAsTheWholeDoes(spec: CompressionSpec) throws {
        let codec = try Self.codec(spec)
        var generator = SplitMix64(seed: 2)
        for count in [1, 2, 255, 256, 257, 1000, 4096] {
            let bytes = Self.changes(count).withUnsafeBufferPointer { codec.encode($0) }
            #expect(bytes.count == codec.encoded(TensorSpec(name: "t", shape: [count])).shape[0] * 4)
            let whole = Self.decoded(bytes, codec, 0..<count, of: count)
            for _ in 0..<50 {
                let start = Int.random(in: 0..<count, using: &generator)
                let range = start..<Int.random(in: start + 1...count, using: &generator)
                #expect(Self.decoded(bytes, codec, range, of: count) == Array(whole[range]))
            }
            if let evidence = codec.evidence(of: count) {
                #expect(codec.fault(in: Array(bytes[evidence]), of: count) == nil)
            }
        }
    }

    /// What arrives over all rounds, and what is left, is what was to be sent.
    @Test(arguments: specs.filter { $0.kind == .int8 || $0.kind == .topK })
    func nothingIsLostForGood(spec: CompressionSpec) throws {
        let codec = try Self.codec(spec)
        let base = [try Tensor(zeros: [600])]
        var residual: [Tensor] = []
        var (sum, arrived) = ([Double](repeating: 0, count: 600), [Double](repeating: 0, count: 600))
        for round in 1...20 {
            var generator = SplitMix64(seed: UInt64(round))
            let update = try Tensor((0..<600).map { _ in Float(generator.nextNormal()) }, shape: [600])
            let encoding = try codec.encode([update], base: base, residual: residual, without: [])
            residual = encoding.residual
            let decoded = try codec.decode(encoding.sent, base: base, without: [])[0]
            for index in 0..<600 {
                sum[index] += Double(update.values[index])
                arrived[index] += Double(decoded.values[index])
            }
        }
        for index in 0..<600 {
            #expect(abs(arrived[index] + Double(residual[0].values[index]) - sum[index]) < 1e-4)
        }
    }

    @Test(arguments: [
        (CompressionSpec(kind: .int8), [Float.nan.bitPattern], "a scale is nan"),
        (CompressionSpec(kind: .int8), [Float(-1).bitPattern], "a scale is -1.0"),
        (CompressionSpec(kind: .topK), [7, 100], "it names value 100 of 100"),
        (CompressionSpec(kind: .topK), [7, UInt32.max], "it names value 4294967295 of 100"),
        (CompressionSpec(kind: .topK), [7, 7], "its indices do not ascend"),
        (CompressionSpec(kind: .topK), [8, 7], "its indices do not ascend"),
    ])
    func whatCannotBeDecodedIsTold(spec: CompressionSpec, words: [UInt32], fault: String) throws {
        let bytes = words.flatMap { word in (0..<4).map { UInt8(truncatingIfNeeded: word >> (8 * UInt32($0))) } }
        #expect(try Self.codec(spec).fault(in: bytes, of: 100) == fault)
    }

    @Test func whatIsNoNumberIsNotKept() throws {
        let base = [try Tensor([-3e38, 0, 1], shape: [3])]
        let update = try Tensor([3e38, 1, 1], shape: [3])
        for spec in Self.specs where try Self.codec(spec).keepsResidual {
            let encoding = try Self.codec(spec).encode([update], base: base, residual: [], without: [])
            let left = encoding.residual[0].values
            #expect(left.filter { !$0.isFinite } == [])
        }
    }

    /// The same bytes as NumPy's, from the definitions.
    @Test(.enabled(if: Python.has("numpy"), "needs NumPy: run Tools/test"), arguments: specs)
    func bytesAreThoseOfTheDefinition(spec: CompressionSpec) async throws {
        let directory = try TemporaryDirectory("codec")
        let changes = Self.changes(1003)
        let bytes = changes.withUnsafeBufferPointer { try? Self.codec(spec).encode($0) }
        try Data(try #require(bytes)).write(to: URL(fileURLWithPath: directory.file("encoded")))
        try changes.withUnsafeBytes { try Data($0).write(to: URL(fileURLWithPath: directory.file("changes"))) }
        let program = """
            import sys
            import numpy as np

            folder, kind, fraction = sys.argv[1], sys.argv[2], float(sys.argv[3])
            x = np.fromfile(folder + "/changes", "<f4")
            if kind == "fp16":
                expected = x.astype("<f2").tobytes()
            elif kind == "bfloat16":
                # The nearer of the two neighbours, the even one in the middle.
                low = x.view("<u4") & 0xFFFF0000
                high = low + 0x10000
                to_low = np.abs(x.astype("f8") - low.view("<f4").astype("f8"))
                to_high = np.abs(high.view("<f4").astype("f8") - x.astype("f8"))
                up = (to_high < to_low) | ((to_high == to_low) & (low & 0x10000 != 0))
                expected = (np.where(up, high, low) >> 16).astype("<u2").tobytes()
            elif kind == "int8":
                blocks = np.split(x, range(256, len(x), 256))
                scales = np.array([np.float32(np.abs(b).max()) / np.float32(127) for b in blocks], "<f4")
                steps = [np.rint(b / s) if s > 0 else np.zeros(len(b)) for b, s in zip(blocks, scales)]
                expected = scales.tobytes() + np.concatenate(steps).clip(-127, 127).astype("i1").tobytes()
            else:
                k = min(len(x), max(1, int(np.ceil(len(x) * fraction))))
                indices = np.sort(np.argsort(-np.abs(x), kind="stable")[:k])
                expected = indices.astype("<u4").tobytes() + x[indices].astype("<f4").tobytes()
            expected += bytes(-len(expected) % 4)
            found = open(folder + "/encoded", "rb").read()
            assert found == expected, (len(found), len(expected), next(i for i, p in enumerate(zip(found, expected)) if p[0] != p[1]))
            """
        try await Python.run(program: program, [directory.path, spec.kind.rawValue, "\(spec.fraction ?? 0)"])
    }
}
