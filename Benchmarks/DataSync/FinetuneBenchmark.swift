import Core
import DataSync

/// `datasync.finetune.codec`: the differences between a model and the next round's, shard by shard, and how fast one core makes
/// and applies them.
struct FinetuneBenchmark {
    private static let shardBytes = 1 << 20

    func run(base: Model, _ rounds: [(name: String, model: Model)]) throws {
        for (name, model) in rounds {
            for (label, entropy) in [("LZ4", Entropy.lz4), ("zstd", .zstd)] {
                try measure("\(name), \(label)", model, base, entropy)
            }
        }
    }

    private func measure(_ variant: String, _ model: Model, _ base: Model, _ entropy: Entropy) throws {
        let pairs = zip(model.tensors, base.tensors).flatMap { new, old in
            stride(from: 0, to: new.count, by: Self.shardBytes).map {
                let range = $0..<min(new.count, $0 + Self.shardBytes)
                return (new: Array(new[range]), old: Array(old[range]))
            }
        }
        var output = [UInt8](repeating: 0, count: Self.shardBytes)
        let deltas = pairs.map { pair in
            pair.new.withUnsafeBytes { new in
                pair.old.withUnsafeBytes { old in FloatDelta.encode(new: new, base: old, entropy: entropy) }
            }
        }
        for (pair, delta) in zip(pairs, deltas) {
            guard let delta else { continue }
            try apply(delta, pair.old, entropy, into: &output)
            guard output.prefix(pair.new.count) == pair.new[...] else {
                throw Failure(code: "wrong", message: "\(variant): a shard came back changed")
            }
        }
        let size = zip(pairs, deltas).reduce(0) { $0 + ($1.1?.count ?? $1.0.new.count) }
        // A model that is small is measured several times over.
        let repeats = max(1, (256 << 20) / model.size / 4)
        let bytes = Double(repeats * model.size)
        let encoding = Measurement.seconds {
            for pair in (0..<repeats).lazy.flatMap({ _ in pairs }) {
                pair.new.withUnsafeBytes { new in
                    pair.old.withUnsafeBytes { old in
                        output.withUnsafeMutableBytes {
                            _ = FloatDelta.encode(new: new, base: old, entropy: entropy, into: $0)
                        }
                    }
                }
            }
        }
        let decoding = try Measurement.seconds {
            for _ in 0..<repeats {
                for (pair, delta) in zip(pairs, deltas) {
                    if let delta { try apply(delta, pair.old, entropy, into: &output) }
                }
            }
        }
        record(variant, Double(model.size) / Double(size), "x")
        record("\(variant), make", bytes / encoding / 1e9, "GB/s")
        record("\(variant), apply", bytes / decoding / 1e9, "GB/s")
    }

    private func apply(_ delta: [UInt8], _ base: [UInt8], _ entropy: Entropy, into output: inout [UInt8]) throws {
        try delta.withUnsafeBytes { delta in
            try base.withUnsafeBytes { base in
                try output.withUnsafeMutableBytes {
                    try FloatDelta.decode(delta, base: base, entropy: entropy, into: .init(rebasing: $0[..<base.count]))
                }
            }
        }
    }

    private func record(_ variant: String, _ value: Double, _ unit: String) {
        Measurement(benchmark: "datasync.finetune.codec", variant: variant, value: value, unit: unit).print()
    }
}
