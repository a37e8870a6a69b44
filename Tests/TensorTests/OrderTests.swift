import Core
import Testing

@testable import Tensor

/// Means of sorted values against sorting, for every number of sources up to 40 and some beyond.
@Suite struct OrderTests {
    private func sources(_ n: Int, _ count: Int, seed: UInt64) -> [[Float]] {
        var generator = SplitMix64(seed: seed, labels: "order", "\(n)")
        // Few distinct values, so that many are equal.
        return (0..<n).map { _ in (0..<count).map { _ in Float(Int(generator.next() % 41) - 20) / 4 } }
    }

    private func apply(
        _ sources: [[Float]], _ kernel: (UnsafeMutableBufferPointer<Float>, [UnsafeRawBufferPointer]) -> Void
    ) -> [Float] {
        let memory = sources.map { values in
            let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: values.count * 4 + 1, alignment: 64)
            let shifted = UnsafeMutableRawBufferPointer(rebasing: memory[1...])
            values.withUnsafeBytes { shifted.copyMemory(from: $0) }
            return memory
        }
        defer { for memory in memory { memory.deallocate() } }
        var result = [Float](repeating: .nan, count: sources[0].count)
        result.withUnsafeMutableBufferPointer { kernel($0, memory.map { UnsafeRawBufferPointer(rebasing: $0[1...]) }) }
        return result
    }

    @Test func medianAndTrimmedMeanAreThoseOfSortedValues() async {
        for n in Array(1...40) + [63, 64, 65, 100] {
            let count = 1 + (n * 37) % 150
            let made = sources(n, count, seed: 1)
            let columns = (0..<count).map { i in made.map { Double($0[i]) }.sorted() }
            let median = apply(made) { Kernels.median(into: $0, sources: $1) }
            #expect(median == columns.map { Float(($0[(n - 1) / 2] + $0[n / 2]) / 2) }, "\(n) sources")
            let cut = (n - 1) / 3
            let trimmed = apply(made) { Kernels.trimmedMean(into: $0, sources: $1, trimming: cut) }
            #expect(
                trimmed == columns.map { Float($0[cut..<(n - cut)].reduce(0, +) / Double(n - 2 * cut)) }, "\(n) sources"
            )
            let keeping = max(1, n / 2)
            let central = apply(made) { Kernels.meanNearMedian(into: $0, sources: $1, keeping: keeping) }
            let nearest = columns.map { column -> Float in
                let middle = (column[(n - 1) / 2] + column[n / 2]) / 2
                let kept = column.sorted { (abs($0 - middle), $0) < (abs($1 - middle), $1) }.prefix(keeping)
                return Float(kept.sorted().reduce(0, +) / Double(keeping))
            }
            #expect(central == nearest, "\(n) sources")
            await Task.yield()
        }
    }

    @Test func theOrderOfSourcesDoesNotMatter() {
        let made = sources(17, 300, seed: 2)
        for shift in [1, 5, 16] {
            let other = Array(made[shift...] + made[..<shift])
            #expect(
                apply(made) { Kernels.trimmedMean(into: $0, sources: $1, trimming: 4) }
                    == apply(other) { Kernels.trimmedMean(into: $0, sources: $1, trimming: 4) })
        }
    }

    @Test func distancesAreTheSumsOfSquares() {
        let made = sources(2, 9000, seed: 3)
        let expected = zip(made[0], made[1]).reduce(0.0) { $0 + Double(($1.0 - $1.1) * ($1.0 - $1.1)) }
        let found = made[0].withUnsafeBytes { left in made[1].withUnsafeBytes { Kernels.squaredDistance(left, $0) } }
        #expect(abs(found - expected) <= 1e-5 * expected)
    }
}
