import Core
import Testing

@Suite struct SplitMix64Tests {
    /// The first numbers of the reference implementation (https://prng.di.unimi.it/splitmix64.c).
    @Test func goldenSequence() {
        var zero = SplitMix64(seed: 0)
        #expect(
            (0..<3).map { _ in zero.next() } == [0xe220_a839_7b1d_cdaf, 0x6e78_9e6a_a1b9_65f4, 0x06c4_5d18_8009_454f])
        var other = SplitMix64(seed: 1_234_567)
        #expect(
            (0..<5).map { _ in other.next() } == [
                6_457_827_717_110_365_317, 3_203_168_211_198_807_973, 9_817_491_932_198_370_423,
                4_593_380_528_125_082_431, 16_408_922_859_458_223_821,
            ])
    }

    @Test func labelsSeparateStreams() {
        let labels = [["a"], ["b"], ["a", "b"], ["ab"], ["a", ""], ["", "a"], []]
        let seeds: [UInt64] = [0, 1]
        var firsts: Set<UInt64> = []
        for seed in seeds {
            for label in labels {
                // The initialiser is variadic; the table covers the arities that are used.
                var generator =
                    switch label.count {
                    case 0: SplitMix64(seed: seed, labels: "none")
                    case 1: SplitMix64(seed: seed, labels: label[0])
                    default: SplitMix64(seed: seed, labels: label[0], label[1])
                    }
                firsts.insert(generator.next())
            }
        }
        #expect(firsts.count == seeds.count * labels.count)
        var (left, right) = (SplitMix64(seed: 7, labels: "job", "3"), SplitMix64(seed: 7, labels: "job", "3"))
        #expect(left.next() == right.next())
    }

    @Test func unitNumbersAreUniform() {
        var generator = SplitMix64(seed: 42)
        let numbers = (0..<20_000).map { _ in generator.nextUnit() }
        #expect(numbers.allSatisfy { $0 >= 0 && $0 < 1 })
        // The mean's standard deviation is 1/sqrt(12·20000) = 0.002; the seed is fixed.
        #expect(abs(numbers.reduce(0, +) / 20_000 - 0.5) < 0.01)
    }

    @Test func normalNumbersHaveUnitVariance() {
        var generator = SplitMix64(seed: 42)
        let numbers = (0..<20_000).map { _ in generator.nextNormal() }
        #expect(numbers.allSatisfy { $0.isFinite })
        let mean = numbers.reduce(0, +) / 20_000
        let variance = numbers.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / 20_000
        #expect(abs(mean) < 0.03)
        #expect(abs(variance - 1) < 0.05)
    }
}
