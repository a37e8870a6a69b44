import Core
import DataSync

/// `datasync.size`: how much smaller the codec makes a whole model, leaf by leaf, and how fast one core does it. The ratios
/// count what a leaf that does not compress takes as it is.
struct SizeBenchmark {
    private static let leafBytes = 64 << 10

    func run(_ models: [(name: String, model: Model)]) throws {
        for (name, model) in models {
            for (label, level) in [("LZ4", LeafCodec.Level.fast), ("zstd", .small)] {
                try measure("\(name), \(label)", model, level)
            }
        }
    }

    private func measure(_ variant: String, _ model: Model, _ level: LeafCodec.Level) throws {
        let leaves = model.tensors.flatMap { tensor in
            stride(from: 0, to: tensor.count, by: Self.leafBytes).map {
                Array(tensor[$0..<min(tensor.count, $0 + Self.leafBytes)])
            }
        }
        var output = [UInt8](repeating: 0, count: Self.leafBytes)
        var encoded: [(encoding: LeafEncoding, payload: [UInt8])] = []
        for leaf in leaves {
            let made = leaf.withUnsafeBytes { LeafCodec.encode($0, elementBytes: 4, level: level) }
            encoded.append(made ?? (.raw, leaf))
        }
        let size = encoded.reduce(0) { $0 + $1.payload.count }
        for (leaf, made) in zip(leaves, encoded) {
            try decode(made, into: &output)
            guard output.prefix(leaf.count) == leaf[...] else {
                throw Failure(code: "wrong", message: "\(variant): a leaf came back changed")
            }
        }
        let encoding = Measurement.seconds {
            for leaf in leaves {
                leaf.withUnsafeBytes { leaf in
                    output.withUnsafeMutableBytes {
                        _ = LeafCodec.encode(leaf, elementBytes: 4, level: level, into: $0)
                    }
                }
            }
        }
        let decoding = try Measurement.seconds { for made in encoded { try decode(made, into: &output) } }
        record(variant, Double(model.size) / Double(size), "x")
        record("\(variant), compress", Double(model.size) / encoding / 1e9, "GB/s")
        record("\(variant), decompress", Double(model.size) / decoding / 1e9, "GB/s")
    }

    private func decode(
        _ made: (encoding: LeafEncoding, payload: [UInt8]), into output: inout [UInt8]
    ) throws {
        try made.payload.withUnsafeBytes { payload in
            try output.withUnsafeMutableBytes { output in
                let size =
                    made.encoding == .raw
                    ? payload.count
                    : Int(UInt32(littleEndian: payload.loadUnaligned(fromByteOffset: 4, as: UInt32.self)))
                try LeafCodec.decode(payload, made.encoding, into: .init(rebasing: output[..<size]))
            }
        }
    }

    private func record(_ variant: String, _ value: Double, _ unit: String) {
        Measurement(benchmark: "datasync.size", variant: variant, value: value, unit: unit).print()
    }
}
