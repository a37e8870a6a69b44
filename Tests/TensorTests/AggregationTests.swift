import Core
import Testing

@testable import Tensor

@Suite struct AggregationTests {
    private struct Case {
        var sources: [[Float]]
        var weights: [Float]
    }

    private func randomCase(_ generator: inout SplitMix64) -> Case {
        let count = Int(generator.next() % 200) + (generator.next() % 4 == 0 ? 16_300 : 0)
        let k = Int(generator.next() % 20)
        return Case(
            sources: (0..<k).map { _ in (0..<count).map { _ in Float(generator.nextNormal()) } },
            weights: (0..<k).map { _ in Float(generator.nextUnit()) })
    }

    /// The bytes of `values` at an address that is no multiple of anything.
    private func misaligned(_ values: [Float], by offset: Int) -> UnsafeMutableRawBufferPointer {
        let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: values.count * 4 + offset, alignment: 64)
        values.withUnsafeBytes {
            memory.baseAddress?.advanced(by: offset).copyMemory(from: $0.baseAddress!, byteCount: $0.count)
        }
        return memory
    }

    @Test func theFusedSumHasTheBitsOfAddingOneSourceAfterTheOther() {
        let seed: UInt64 = 2024
        var generator = SplitMix64(seed: seed, labels: "aggregation")
        for round in 0..<60 {
            let made = randomCase(&generator)
            let count = made.sources.first?.count ?? 7
            var stepwise = [Float](repeating: 0, count: count)
            stepwise.withUnsafeMutableBufferPointer { result in
                for (source, weight) in zip(made.sources, made.weights) {
                    source.withUnsafeBufferPointer { Kernels.accumulate(into: result, from: $0, weight: weight) }
                }
            }
            // What the caller left in the destination must not matter.
            var fused = [Float](repeating: .nan, count: count)
            let offset = round % 7
            let memory = made.sources.map { misaligned($0, by: offset) }
            defer { for memory in memory { memory.deallocate() } }
            fused.withUnsafeMutableBufferPointer { result in
                Kernels.weightedSum(
                    into: result, sources: memory.map { UnsafeRawBufferPointer(rebasing: $0[offset...]) },
                    weights: made.weights)
            }
            #expect(fused.map(\.bitPattern) == stepwise.map(\.bitPattern), "seed \(seed), round \(round)")
        }
    }

    @Test func groupsOfSourcesGiveTheBitsOfAllAtOnce() {
        var generator = SplitMix64(seed: 31, labels: "groups")
        let sources = (0..<19).map { _ in (0..<333).map { _ in Float(generator.nextNormal()) } }
        let weights = (0..<19).map { _ in Float(generator.nextUnit()) }
        let memory = sources.map { misaligned($0, by: 0) }
        defer { for memory in memory { memory.deallocate() } }
        let bytes = memory.map { UnsafeRawBufferPointer($0) }
        var whole = [Float](repeating: .nan, count: 333)
        whole.withUnsafeMutableBufferPointer { Kernels.weightedSum(into: $0, sources: bytes, weights: weights) }
        for size in [1, 2, 3, 8, 11] {
            var grouped = [Float](repeating: .nan, count: 333)
            grouped.withUnsafeMutableBufferPointer { result in
                Kernels.weightedSum(into: result, sources: Array(bytes[..<size]), weights: Array(weights[..<size]))
                for start in stride(from: size, to: 19, by: size) {
                    let group = start..<min(19, start + size)
                    Kernels.accumulate(into: result, sources: Array(bytes[group]), weights: Array(weights[group]))
                }
            }
            #expect(grouped.map(\.bitPattern) == whole.map(\.bitPattern), "groups of \(size)")
        }
    }

    @Test func aSourceThatIsNotFiniteShowsInTheResult() {
        for bad in [Float.nan, .infinity, -.infinity] {
            let sources: [[Float]] = [[1, 2, 3], [1, bad, 3], [4, -bad, 6]]
            let memory = sources.map { misaligned($0, by: 1) }
            defer { for memory in memory { memory.deallocate() } }
            var result = [Float](repeating: 0, count: 3)
            result.withUnsafeMutableBufferPointer { result in
                Kernels.weightedSum(
                    into: result, sources: memory.map { UnsafeRawBufferPointer(rebasing: $0[1...]) },
                    weights: [0.25, 0.25, 0.5])
            }
            #expect(!result[1].isFinite && result[0].isFinite && result[2].isFinite)
        }
        var empty: [Float] = [3, 4]
        empty.withUnsafeMutableBufferPointer { Kernels.weightedSum(into: $0, sources: [], weights: []) }
        #expect(empty == [0, 0])
    }

    @Test func theErrorStaysWithinTheDocumentedBound() {
        var generator = SplitMix64(seed: 7, labels: "bound")
        let k = 33
        let sources = (0..<k).map { _ in (0..<501).map { _ in Float(generator.nextNormal()) } }
        let weights = (0..<k).map { _ in Float(generator.nextUnit()) / Float(k) }
        var result = [Float](repeating: 0, count: 501)
        result.withUnsafeMutableBufferPointer { result in
            let memory = sources.map { misaligned($0, by: 0) }
            defer { for memory in memory { memory.deallocate() } }
            Kernels.weightedSum(into: result, sources: memory.map { UnsafeRawBufferPointer($0) }, weights: weights)
        }
        for i in 0..<501 {
            let terms = zip(sources, weights).map { Double($0[i]) * Double($1) }
            let bound = Double(k + 1) * 0x1p-24 * terms.reduce(0) { $0 + abs($1) }
            #expect(abs(Double(result[i]) - terms.reduce(0, +)) <= bound)
        }
    }

    @Test func aSpanOfTheModelHasTheBitsItHasInTheWhole() {
        var generator = SplitMix64(seed: 9, labels: "spans")
        let sources = (0..<5).map { _ in (0..<40_000).map { _ in Float(generator.nextNormal()) } }
        let weights: [Float] = [0.1, 0.2, 0.3, 0.25, 0.15]
        func sum(_ range: Range<Int>) -> [Float] {
            var result = [Float](repeating: 0, count: range.count)
            let memory = sources.map { misaligned(Array($0[range]), by: 0) }
            defer { for memory in memory { memory.deallocate() } }
            result.withUnsafeMutableBufferPointer {
                Kernels.weightedSum(into: $0, sources: memory.map { UnsafeRawBufferPointer($0) }, weights: weights)
            }
            return result
        }
        let whole = sum(0..<40_000)
        #expect(sum(0..<777) + sum(777..<30_001) + sum(30_001..<40_000) == whole, "shards may be cut anywhere")
    }

    @Test func averagingOneUpdateWithWeightOneGivesItBack() {
        let update: [Float] = [1, -0.0, 3.5, .leastNonzeroMagnitude, 1e38]
        var result = [Float](repeating: 5, count: 5)
        result.withUnsafeMutableBufferPointer { result in
            update.withUnsafeBytes { Kernels.weightedSum(into: result, sources: [$0], weights: [1]) }
        }
        #expect(result == update)
    }
}
