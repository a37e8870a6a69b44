import Core
import Foundation
import TestKit
import Testing

@testable import DataSync

@Suite(
    "Codecs against NumPy, lz4 and zstandard",
    .enabled(
        if: Python.has("numpy", "lz4", "zstandard"), "needs the packages of Tools/requirements.txt: run Tools/test"))
struct CodecOracleTests {
    private struct Case: Encodable {
        let name: String
        let kind: String
        var encoding: UInt8?
        var entropy: String?
    }

    private let directory: TemporaryDirectory

    init() throws { directory = try TemporaryDirectory("gedge-codec") }

    private func write(_ bytes: [UInt8], _ name: String) throws {
        try Data(bytes).write(to: URL(fileURLWithPath: directory.file(name)))
    }

    private func theirs(_ name: String) throws -> [UInt8] {
        try [UInt8](Data(contentsOf: URL(fileURLWithPath: directory.file("\(name).theirs"))))
    }

    @Test("each reads what the other writes") func bothWays() async throws {
        var random = SeededGenerator()
        let weights = CodecSamples.weights(70_001, seed: random.next())
        let raws = [
            CodecSamples.bytes(weights.prefix(16_384).map { $0 }),
            CodecSamples.bytes(weights.prefix(5001).map { $0 }) + [1, 2, 3],
            Bytes.text(40_003, seed: random.next()), [UInt8](repeating: 9, count: 4096),
            CodecSamples.bytes((0..<4096).map { Float($0 % 17) / 16 }),
        ]
        var cases: [Case] = []
        var leaves: [(raw: [UInt8], encoding: LeafEncoding)] = []
        for raw in raws {
            for (elementBytes, level) in [(1, LeafCodec.Level.fast), (1, .small), (4, .fast), (4, .small)] {
                let made = raw.withUnsafeBytes { LeafCodec.encode($0, elementBytes: elementBytes, level: level) }
                guard let made else { continue }
                let name = "leaf\(leaves.count)"
                try write(raw, "\(name).raw")
                try write(made.payload, "\(name).ours")
                cases.append(Case(name: name, kind: "leaf", encoding: made.encoding.rawValue))
                leaves.append((raw, made.encoding))
            }
        }
        #expect(Set(leaves.map(\.encoding)) == [.lz4, .shuffledLZ4, .zstd, .shuffledZstd])

        let strange = CodecSamples.strange
        let pairs = [
            (CodecSamples.bytes(CodecSamples.trained(weights, seed: random.next())), CodecSamples.bytes(weights)),
            (
                CodecSamples.bytes(strange.flatMap { word in strange.map { _ in word } }) + [1, 2],
                CodecSamples.bytes(strange.flatMap { _ in strange }) + [3, 4]
            ),
            (Bytes.noise(9000, seed: random.next()), Bytes.noise(9000, seed: random.next())),
        ]
        var deltas: [(new: [UInt8], base: [UInt8], entropy: Entropy)] = []
        for (new, base) in pairs {
            for entropy in Entropy.allCases {
                let name = "delta\(deltas.count)"
                try write(new, "\(name).raw")
                try write(base, "\(name).base")
                try write(try #require(ArrayCodec.delta(new, base: base, entropy)), "\(name).ours")
                cases.append(Case(name: name, kind: "delta", entropy: entropy.rawValue))
                deltas.append((new, base, entropy))
            }
        }
        try JSONEncoder().encode(cases).write(to: URL(fileURLWithPath: directory.file("cases.json")))

        try await Python.run(Python.peer("codec_oracle.py"), ["check", directory.path])

        for (index, leaf) in leaves.enumerated() {
            #expect(try ArrayCodec.leaf(theirs("leaf\(index)"), leaf.encoding, size: leaf.raw.count) == leaf.raw)
        }
        for (index, delta) in deltas.enumerated() {
            #expect(try ArrayCodec.values(theirs("delta\(index)"), base: delta.base, delta.entropy) == delta.new)
        }
    }

    @Test("both cut alike") func cuts() async throws {
        var random = SeededGenerator()
        let stream =
            Bytes.noise(300_000, seed: random.next()) + Bytes.text(200_000, seed: random.next())
            + [UInt8](repeating: 0, count: 50_000)
        try write(stream, "stream")
        for limits in [
            FastChunker.Limits(minimum: 64, average: 1024, maximum: 9000),
            .init(minimum: 3000, average: 4096, maximum: 20_000),
        ] {
            try Data("[\(limits.minimum), \(limits.average), \(limits.maximum)]".utf8)
                .write(to: URL(fileURLWithPath: directory.file("limits.json")))
            let answer = try await Python.run(Python.peer("codec_oracle.py"), ["cuts", directory.path])
            let expected = try JSONDecoder().decode([Int].self, from: Data(answer.utf8))
            #expect(expected.count > 30)
            #expect(ArrayCodec.sizes(stream, pieces: 70_000, limits) == expected)
        }
    }
}
