import Core
import Testing

@testable import FedLearn

@Suite struct PrivacyMechanismTests {
    /// Moments and shares of 40,000 numbers, each within 5 of its own standard deviations.
    @Test func noiseIsStandardNormal() {
        var generator = SplitMix64(seed: 5, labels: "noise")
        let count = 40_000.0
        let values = (0..<Int(count)).map { _ in PrivacyNoise.normal(from: &generator) }
        let second = values.reduce(0) { $0 + $1 * $1 } / count
        let fourth = values.reduce(0) { $0 + $1 * $1 * $1 * $1 } / count
        let near = Double(values.count { abs($0) <= 1 }) / count
        #expect(abs(values.reduce(0, +) / count) < 5 / count.squareRoot())
        #expect(abs(second - 1) < 5 * (2 / count).squareRoot())
        #expect(abs(fourth - 3) < 5 * (96 / count).squareRoot())
        #expect(abs(near - 0.682_689) < 5 * (0.2166 / count).squareRoot())
    }

    @Test func noiseIsAddedWithItsDeviation() {
        var generator = SplitMix64(seed: 6, labels: "noise")
        var values = [Float](repeating: 3, count: 40_000)
        values.withUnsafeMutableBufferPointer { PrivacyNoise.add(deviation: 0.5, to: $0, from: &generator) }
        let mean = values.reduce(0) { $0 + Double($1) } / 40_000
        let variance = values.reduce(0) { $0 + (Double($1) - 3) * (Double($1) - 3) } / 40_000
        #expect(abs(mean - 3) < 5 * 0.5 / 200)
        #expect(abs(variance - 0.25) < 5 * 0.25 * (2.0 / 40_000).squareRoot())
    }

    @Test func noUpdateCountsForMoreThanTheBound() {
        #expect(PrivacyNoise.factor(norm: 4, bound: 1) == 0.25)
        #expect(PrivacyNoise.factor(norm: 1, bound: 1) == 1 && PrivacyNoise.factor(norm: 0, bound: 1) == 1)
        #expect(PrivacyNoise.factor(norm: .nan, bound: 1) == 0 && PrivacyNoise.factor(norm: .infinity, bound: 1) == 0)
    }
}
