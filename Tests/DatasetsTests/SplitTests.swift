import Core
import Testing

@testable import Datasets

@Suite struct SplitTests {
    private func data(_ count: Int, classes: Int, seed: UInt64 = 1) throws -> LabelledData {
        var generator = SplitMix64(seed: seed)
        return try LabelledData(
            features: (0..<count).map { Float($0) },
            labels: (0..<count).map { _ in Int32(generator.next() % UInt64(classes)) }, featureCount: 1,
            classCount: classes)
    }

    private func strategies(_ parts: Int) -> [SplitStrategy] {
        let uneven = (1...parts).map { Double($0 * $0) }
        return [
            .iid, .dirichlet(alpha: 0.5), .dirichlet(alpha: 1e-3), .dirichlet(alpha: 1e6),
            .dirichlet(alpha: 0.3, proportions: uneven), .quantity(proportions: uneven),
            .quantity(proportions: [1] + [Double](repeating: 1e-9, count: parts - 1)), .dirichletQuantity(alpha: 0.2),
        ]
    }

    @Test func everySampleIsInExactlyOnePartAndNoPartIsEmpty() throws {
        for seed in 0..<40 as Range<UInt64> {
            var generator = SplitMix64(seed: seed, labels: "split-cases")
            let count = 1 + Int(generator.next() % 300)
            let parts = 1 + Int(generator.next() % UInt64(min(count, 12)))
            let data = try data(count, classes: 1 + Int(generator.next() % 10), seed: seed)
            for strategy in strategies(parts) {
                let shares = try data.splitIndices(into: parts, by: strategy, seed: seed)
                #expect(shares.count == parts)
                #expect(shares.allSatisfy { !$0.isEmpty }, "seed \(seed), \(strategy)")
                #expect(shares.flatMap { $0 }.sorted() == Array(0..<count), "seed \(seed), \(strategy)")
                #expect(
                    try data.splitIndices(into: parts, by: strategy, seed: seed) == shares, "same seed, same shares")
            }
        }
    }

    @Test func anotherSeedGivesOtherShares() throws {
        let data = try data(200, classes: 5)
        for strategy in strategies(4).dropLast(2) {
            let shares = try (0..<5).map { try data.splitIndices(into: 4, by: strategy, seed: UInt64($0)) }
            #expect(Set(shares).count == 5, "\(strategy)")
        }
    }

    @Test func iidSharesAreEqualInSizeAndAlikeInClasses() throws {
        let data = try data(10_000, classes: 10)
        for share in try data.split(into: 4, by: .iid, seed: 3) {
            #expect(share.count == 2500)
            for count in share.countsByClass { #expect((170...330).contains(count)) }
        }
    }

    @Test func quantityFollowsTheProportions() throws {
        let shares = try data(1000, classes: 3).splitIndices(into: 3, by: .quantity(proportions: [5, 3, 2]), seed: 1)
        #expect(shares.map(\.count) == [500, 300, 200])
    }

    /// The share of each site's most frequent class, averaged: 1 is one class a site, 0.1 an even mixture of ten.
    private func skew(alpha: Double) throws -> Double {
        let data = try data(5000, classes: 10)
        var total = 0.0
        for seed in 0..<10 as Range<UInt64> {
            for share in try data.split(into: 10, by: .dirichlet(alpha: alpha), seed: seed) {
                total += Double(share.countsByClass.max() ?? 0) / Double(share.count)
            }
        }
        return total / 100
    }

    @Test func smallAlphaSkewsLabelsAndLargeAlphaDoesNot() throws {
        let strong = try skew(alpha: 0.05)
        let medium = try skew(alpha: 0.5)
        let weak = try skew(alpha: 1000)
        #expect(strong > 0.6)
        #expect(strong > medium + 0.15 && medium > weak + 0.1)
        #expect(weak < 0.16)
    }

    @Test func proportionsMakeSitesDifferInSize() throws {
        let data = try data(6000, classes: 10)
        var sizes = [0.0, 0, 0]
        for seed in 0..<30 as Range<UInt64> {
            let shares = try data.splitIndices(
                into: 3, by: .dirichlet(alpha: 1, proportions: [6, 3, 1]), seed: seed)
            for part in 0..<3 { sizes[part] += Double(shares[part].count) / 30 / 6000 }
        }
        #expect(abs(sizes[0] - 0.6) < 0.06 && abs(sizes[1] - 0.3) < 0.06 && abs(sizes[2] - 0.1) < 0.04, "\(sizes)")
    }

    @Test func impossibleSplitsAreRefused() throws {
        let data = try data(5, classes: 2)
        for (parts, strategy) in [
            (0, SplitStrategy.iid), (6, .iid), (2, .dirichlet(alpha: 0)), (2, .dirichlet(alpha: .nan)),
            (2, .quantity(proportions: [1])), (2, .quantity(proportions: [1, 0])),
            (2, .quantity(proportions: [1, .infinity])),
            (2, .dirichletQuantity(alpha: -1)), (2, .dirichlet(alpha: 1, proportions: [1, -1])),
        ] {
            #expect(throws: DatasetError.self) { try data.splitIndices(into: parts, by: strategy, seed: 0) }
        }
    }

    @Test func theHoldoutHasItsShareOfEveryClass() throws {
        let data = try data(1797, classes: 10)
        let (rest, heldOut) = try data.holdout(fraction: 0.2, seed: 42)
        #expect(heldOut.count == 359)
        #expect(rest.count + heldOut.count == 1797)
        for (kept, whole) in zip(heldOut.countsByClass, data.countsByClass) {
            #expect(abs(Double(kept) - 0.2 * Double(whole)) <= 1)
        }
        #expect(Set(rest.features).isDisjoint(with: heldOut.features), "no sample is on both sides")
        #expect(try data.holdout(fraction: 0.2, seed: 42).heldOut == heldOut)
        #expect(try data.holdout(fraction: 0.2, seed: 43).heldOut != heldOut)
        for fraction in [0, 1, -0.5, .nan, 1e-9] {
            #expect(throws: DatasetError.self) { try data.holdout(fraction: fraction, seed: 1) }
        }
    }

    @Test func gammaDrawsHaveTheirMeanAndVariance() {
        for shape in [0.1, 0.5, 1, 2.5, 20] {
            var generator = SplitMix64(seed: 17, labels: "gamma", String(shape))
            let n = 40_000
            let draws = (0..<n).map { _ in exponential(GammaSampler.logarithm(shape: shape, using: &generator)) }
            let mean = draws.reduce(0, +) / Double(n)
            let variance = draws.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(n)
            // Four standard errors of the mean, and a generous share of the variance, whose own error has heavy tails.
            #expect(abs(mean - shape) < 4 * (shape / Double(n)).squareRoot(), "shape \(shape): mean \(mean)")
            #expect(abs(variance - shape) < 0.1 * shape + 0.01, "shape \(shape): variance \(variance)")
        }
    }

    @Test func tinyConcentrationsStillGiveShares() {
        var generator = SplitMix64(seed: 3)
        for _ in 0..<200 {
            let shares = GammaSampler.dirichlet([1e-6, 1e-6, 1e-6], using: &generator)
            #expect(abs(shares.reduce(0, +) - 1) < 1e-12)
            #expect(shares.allSatisfy { $0.isFinite && $0 >= 0 })
        }
    }

    @Test func shufflesAreUniform() {
        var generator = SplitMix64(seed: 8)
        var counts: [[Int]: Int] = [:]
        for _ in 0..<6000 { counts[Permutation.random(of: 3, using: &generator), default: 0] += 1 }
        #expect(counts.count == 6)
        #expect(counts.values.allSatisfy { (880...1120).contains($0) }, "\(counts)")
    }
}
