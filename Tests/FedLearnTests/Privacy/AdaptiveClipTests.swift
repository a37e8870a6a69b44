import Contracts
import Core
import MessageBus
import TestKit
import Testing

@testable import FedLearn

/// Clips that follow the updates' lengths.
@Suite struct AdaptiveClipTests {
    /// The Gaussian mechanisms of the sum (sensitivity C, deviation z′·C) and of the count (each edge moves it by a half around its
    /// middle, deviation σ) spend together what one of noise z does: 1/z′² + 1/(2σ)² = 1/z².
    @Test(arguments: [(1.0, 1000), (4.0, 200), (5.0, 3), (0.3, 40)]) func bothNoisesSpendWhatOneWould(
        noise: Double, asked: Int
    ) {
        let clip = AdaptiveClip(AdaptiveClipSpec(), noise: noise, asked: asked)
        let (sum, count) = (clip.sumNoise, 2 * clip.countDeviation)
        #expect(abs((1 / (sum * sum) + 1 / (count * count)) * noise * noise - 1) < 1e-9)
        #expect(sum >= noise && sum < 1.16 * noise)
        // In the words of the accountant: divergences add up.
        for rounds in [1, 50] {
            let whole = PrivacyAccountant.epsilon(noise: noise, rounds: rounds, delta: 1e-5)
            let parts = PrivacyAccountant.epsilon(
                noise: 1 / (1 / (sum * sum) + 1 / (count * count)).squareRoot(), rounds: rounds, delta: 1e-5)
            #expect(abs(whole - parts) < 1e-6 * whole)
        }
    }

    /// From far above and far below, it comes to the quantile of the lengths and stays about there.
    @Test(arguments: [(0.5, 100.0), (0.5, 0.01), (0.8, 1.0)]) func itComesToTheQuantile(quantile: Double, start: Double)
    {
        var generator = SplitMix64(seed: 4)
        // Lengths from 1 to 3, evenly.
        let squares = (0..<1000).map { index in
            let length = 1 + 2 * Double(index) / 999
            return length * length
        }
        let clip = AdaptiveClip(AdaptiveClipSpec(quantile: quantile), noise: 1, asked: 1000)
        var current = start
        for _ in 0..<120 { current = clip.next(after: current, squaredNorms: squares, from: &generator) }
        #expect(abs(current - (1 + 2 * quantile)) < 0.25, "\(current)")
    }

    /// Each round's record tells its clip and the next one's, and a job that goes on after a restart goes on from it.
    @Test func roundsGoOnFromTheLastClip() async throws {
        @Sendable func text(_ rounds: Int) -> String {
            Federation.document(rounds: rounds, deadline: 120, minimum: 3)
                + "\n  privacy: {clip: 0.01, noise: 0.05, adaptive: {rate: 1}}\n"
        }
        let federation = try Federation()
        _ = try await federation.run { bus, _ in try await Federation.train(bus, text(3)) }
        let status = try await federation.run { bus, _ in try await Federation.train(bus, text(6)) }
        let told = try status.rounds.map { try #require($0.privacy) }
        #expect(told.count == 6 && told[0].clip == 0.01)
        for (before, after) in zip(told, told.dropFirst()) { #expect(after.clip == before.nextClip) }
        // All updates are far longer than the clip, so that it grows.
        #expect(try #require(told.last?.nextClip) > 0.03)
        let spec = try TrainingJobDocument.read(text(6), source: "job.yaml").spec
        #expect(told.last?.epsilon == spec.privacy?.epsilon(rounds: 6))
    }

    @Test func aQuantileOfNoShareIsRefused() {
        #expect {
            try TrainingJobDocument.read(
                Federation.document(rounds: 1) + "\n  privacy: {clip: 1, noise: 1, adaptive: {quantile: 1.5}}\n",
                source: "job.yaml")
        } throws: { "\($0)".contains("spec.privacy.adaptive.quantile must be above 0 and below 1, not 1.5") }
    }
}
