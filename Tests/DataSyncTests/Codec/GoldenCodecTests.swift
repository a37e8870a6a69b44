import Testing

@testable import DataSync

@Suite("Golden vectors of the codecs")
struct GoldenCodecTests {
    private let vectors: CodecVectors

    init() throws { vectors = try CodecVectors.load() }

    @Test("every leaf decodes to its bytes") func leaves() throws {
        #expect(Set(vectors.leaves.map(\.encoding)) == Set(LeafEncoding.allCases.map(\.rawValue)))
        for vector in vectors.leaves {
            let encoding = try #require(LeafEncoding(rawValue: vector.encoding))
            let raw = Bytes.hex(vector.raw)
            #expect(try ArrayCodec.leaf(Bytes.hex(vector.payload), encoding, size: raw.count) == raw, "\(vector.name)")
        }
    }

    @Test("every difference leads to its values") func deltas() throws {
        #expect(vectors.deltas.count >= 12)
        for vector in vectors.deltas {
            let entropy = try #require(Entropy(rawValue: vector.entropy))
            let (new, base) = (Bytes.hex(vector.new), Bytes.hex(vector.base))
            #expect(try ArrayCodec.values(Bytes.hex(vector.delta), base: base, entropy) == new, "\(vector.name)")
        }
    }

    @Test("streams are cut where they always were") func chunks() throws {
        #expect(
            GearTable.values.prefix(vectors.gear.count).map { $0 } == vectors.gear.compactMap { UInt64($0, radix: 16) })
        #expect(vectors.chunks.count == 3)
        for vector in vectors.chunks {
            let limits = FastChunker.Limits(
                minimum: vector.minimum, average: vector.average, maximum: vector.maximum)
            let stream = Bytes.noise(vector.bytes, seed: vector.seed)
            #expect(ArrayCodec.sizes(stream, limits) == vector.sizes)
        }
    }
}
