import Foundation

@testable import DataSync

/// `vectors.json`, which Tests/peers/codec_oracle.py wrote and every implementation of the formats is held against.
struct CodecVectors: Decodable {
    struct LeafVector: Decodable {
        let name: String
        let encoding: UInt8
        let raw: String
        let payload: String
    }

    struct DeltaVector: Decodable {
        let name: String
        let entropy: String
        let new: String
        let base: String
        let delta: String
    }

    struct ChunkVector: Decodable {
        let seed: UInt64
        let bytes: Int
        let minimum: Int
        let average: Int
        let maximum: Int
        let sizes: [Int]
    }

    let leaves: [LeafVector]
    let deltas: [DeltaVector]
    let gear: [String]
    let chunks: [ChunkVector]

    static func load() throws -> CodecVectors {
        let file = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("vectors.json")
        return try JSONDecoder().decode(CodecVectors.self, from: Data(contentsOf: file))
    }
}

/// The codecs on arrays.
enum ArrayCodec {
    static func leaf(_ payload: [UInt8], _ encoding: LeafEncoding, size: Int) throws -> [UInt8] {
        var raw = [UInt8](repeating: 0xaa, count: size)
        try payload.withUnsafeBytes { payload in
            try raw.withUnsafeMutableBytes { try LeafCodec.decode(payload, encoding, into: $0) }
        }
        return raw
    }

    static func values(_ delta: [UInt8], base: [UInt8], _ entropy: Entropy, size: Int? = nil) throws -> [UInt8] {
        var values = [UInt8](repeating: 0xaa, count: size ?? base.count)
        try delta.withUnsafeBytes { delta in
            try base.withUnsafeBytes { base in
                try values.withUnsafeMutableBytes {
                    try FloatDelta.decode(delta, base: base, entropy: entropy, into: $0)
                }
            }
        }
        return values
    }

    /// A difference with room for more than the values take.
    static func delta(_ new: [UInt8], base: [UInt8], _ entropy: Entropy) -> [UInt8]? {
        new.withUnsafeBytes { new in
            base.withUnsafeBytes { base in
                var delta = [UInt8](repeating: 0, count: new.count + new.count / 8 + 64)
                let count = delta.withUnsafeMutableBytes {
                    FloatDelta.encode(new: new, base: base, entropy: entropy, into: $0)
                }
                return count.map { Array(delta.prefix($0)) }
            }
        }
    }

    static func sizes(_ bytes: [UInt8], pieces: Int = .max, _ limits: FastChunker.Limits) -> [Int] {
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
}
