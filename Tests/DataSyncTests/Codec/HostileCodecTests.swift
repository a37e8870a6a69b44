import Core
import TestKit
import Testing

@testable import DataSync

/// Decoders given what no encoder wrote. Payload and result each end at a page that cannot be touched.
struct HostileCodecTests {
    private static let rounds = 3000

    /// Changes a few bytes, cuts, or lengthens.
    private func mutated(_ bytes: [UInt8], _ random: inout SeededGenerator) -> [UInt8] {
        var bytes = bytes
        for _ in 0..<Int.random(in: 1...3, using: &random) {
            switch Int.random(in: 0..<6, using: &random) {
            case 0 where !bytes.isEmpty: bytes.removeLast(Int.random(in: 1...bytes.count, using: &random))
            case 1: bytes += Bytes.noise(Int.random(in: 1...40, using: &random), seed: random.next())
            case 2 where bytes.count > 24:
                // The head of a block: codings and sizes.
                bytes[Int.random(in: 0..<24, using: &random)] = UInt8.random(in: 0...255, using: &random)
            case 3 where bytes.count > 24:
                bytes[Int.random(in: 0..<24, using: &random)] ^= 1 << UInt8.random(in: 0..<8, using: &random)
            default:
                guard !bytes.isEmpty else { continue }
                bytes[Int.random(in: bytes.indices, using: &random)] = UInt8.random(in: 0...255, using: &random)
            }
        }
        return bytes
    }

    @Test func leavesAreRefusedOrOfTheirSize() throws {
        var random = SeededGenerator()
        let weights = CodecSamples.bytes(CodecSamples.weights(2000, seed: random.next()))
        let text = Bytes.text(8000, seed: random.next())
        var payloads: [(LeafEncoding, [UInt8])] = []
        for level in LeafCodec.Level.allCases {
            for (raw, elementBytes) in [(text, 1), (weights, 4)] {
                let made = try #require(
                    raw.withUnsafeBytes { LeafCodec.encode($0, elementBytes: elementBytes, level: level) })
                payloads.append((made.encoding, made.payload))
            }
        }
        #expect(Set(payloads.map(\.0)).count == 4)
        let output = try GuardedMemory(capacity: 8192)
        let input = try GuardedMemory(capacity: 16_384)
        var refused = 0
        for round in 0..<Self.rounds {
            let (encoding, payload) = payloads[round % payloads.count]
            let lent = input.end(mutated(payload, &random))
            // Of the size it claims to have, of another, or of another encoding.
            let size = [8000, 8000, Int.random(in: 0...8192, using: &random)][round % 3]
            let claimed = round % 7 == 0 ? LeafEncoding.allCases.randomElement(using: &random) ?? encoding : encoding
            do { try LeafCodec.decode(lent, claimed, into: output.end(size)) } catch {
                #expect(error.is(.corruptShard))
                refused += 1
            }
        }
        #expect(refused > Self.rounds / 3)
    }

    @Test func differencesAreRefusedOrOfTheirSize() throws {
        var random = SeededGenerator()
        let weights = CodecSamples.weights(2000, seed: random.next())
        let base = CodecSamples.bytes(weights)
        let new = CodecSamples.bytes(CodecSamples.trained(weights, seed: random.next()))
        let deltas = try Entropy.allCases.map { ($0, try #require(ArrayCodec.delta(new, base: base, $0))) }
        let output = try GuardedMemory(capacity: 8192)
        let input = try GuardedMemory(capacity: 16_384)
        var refused = 0
        for round in 0..<Self.rounds {
            let (entropy, delta) = deltas[round % deltas.count]
            let lent = input.end(mutated(delta, &random))
            let size = [8000, 8000, Int.random(in: 0...8000, using: &random)][round % 3]
            do {
                try base.withUnsafeBytes {
                    try FloatDelta.decode(
                        lent, base: .init(rebasing: $0[..<size]), entropy: entropy, into: output.end(size))
                }
            } catch let error as DataSyncError {
                #expect(error.is(.corruptShard))
                refused += 1
            }
        }
        #expect(refused > Self.rounds / 3)
    }

    /// A claim is compared with what the caller expects before anything is unpacked.
    @Test func aBombIsRefused() throws {
        let zeros = [UInt8](repeating: 0, count: 1 << 20)
        for level in LeafCodec.Level.allCases {
            for elementBytes in [1, 4] {
                let made = try #require(
                    zeros.withUnsafeBytes { LeafCodec.encode($0, elementBytes: elementBytes, level: level) })
                #expect(made.payload.count < 5000)
                #expect(throws: DataSyncError.self) { try ArrayCodec.leaf(made.payload, made.encoding, size: 1000) }
                // As before, but with the size that is expected in its header.
                var liar = made.payload
                for index in 0..<4 { liar[4 + index] = UInt8(truncatingIfNeeded: 1000 >> (8 * index)) }
                #expect(throws: DataSyncError.self) { try ArrayCodec.leaf(liar, made.encoding, size: 1000) }
            }
        }
    }
}
