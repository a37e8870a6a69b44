import Contracts
import Core
import Testing

@testable import DataSync

@Suite struct ShardSpanTests {
    /// Whatever the sizes, the spans cover each tensor once, in order, and the rules accept what is cut from them.
    @Test func spansCoverEveryTensorOnce() throws {
        let seed: UInt64 = 7
        var random = SplitMix64(seed: seed)
        for trial in 0..<300 {
            let shapes = (0..<Int.random(in: 0...6, using: &random)).map { _ in Int.random(in: 0...40, using: &random) }
            let shardBytes = Int.random(in: 1...64, using: &random)
            let spans = ShardSpan.cut(tensorBytes: shapes.map { $0 * 4 }, shardBytes: shardBytes)
            let manifest = Manifest(
                tensors: shapes.enumerated().map { TensorSpec(name: "t\($0)", shape: [$1]) },
                shards: spans.map { span in
                    let hash = (0..<32).map { _ in UInt8.random(in: 0...255, using: &random) }
                    return ShardSpec(
                        digest: Digest(hash: hash), size: span.size, entry: span.entry, offset: span.offset)
                })
            let total = shapes.reduce(0) { $0 + $1 * 4 }
            #expect(try ManifestRules().check(manifest, maximumBytes: total) == total, "seed \(seed), trial \(trial)")
            #expect(spans.allSatisfy { $0.size <= shardBytes })
            let limit = Int.random(in: 1...200, using: &random)
            let batches = ShardSpan.batches(spans, bytes: limit)
            #expect(batches.flatMap { $0 } == spans, "seed \(seed), trial \(trial)")
            #expect(batches.allSatisfy { $0.count == 1 || $0.reduce(0) { $0 + $1.size } <= limit })
        }
    }

    @Test func aTensorThatDidNotChangeKeepsItsShards() {
        let before = ShardSpan.cut(tensorBytes: [100, 50], shardBytes: 40)
        let after = ShardSpan.cut(tensorBytes: [70, 50], shardBytes: 40)
        #expect(before.filter { $0.entry == 1 } == after.filter { $0.entry == 1 })
    }
}
