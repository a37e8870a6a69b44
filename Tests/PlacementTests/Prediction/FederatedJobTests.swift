import Contracts
import Core
import TestKit
import Testing

@testable import Placement

@Suite struct FederatedJobTests {
    static func part(_ edge: String, _ seconds: Double, bias: Double = 0, noise: Double = 0, transfer: Double = 0)
        throws -> RoundPart
    {
        RoundPart(
            edge: try Name(edge),
            compute: Prediction(
                seconds: seconds, low: seconds, high: seconds, bias: bias, noise: noise,
                basis: Prediction.Basis(match: .sameWorkload, reason: ""), runs: 1),
            transferSeconds: transfer)
    }

    @Test func withoutDoubtAJobIsItsSlowestEdge() throws {
        let parts = try [Self.part("a", 2, transfer: 1), Self.part("b", 2.5), Self.part("c", 1, transfer: 1.5)]
        let job = try #require(FederatedJob.predict(parts, rounds: 10, aggregationSeconds: 0.5, drift: 0))
        #expect(abs(job.seconds - 35) < 1e-9 && job.slowest.text == "a" && abs(job.roundSeconds - 3.5) < 1e-9)
        #expect(abs(job.low - job.seconds) < 1e-9 && abs(job.high - job.seconds) < 1e-9)
    }

    @Test func whatCannotBePredictedIsNot() throws {
        let part = try Self.part("a", 1)
        #expect(FederatedJob.predict([], rounds: 3, aggregationSeconds: 0, drift: 0) == nil)
        #expect(FederatedJob.predict([part], rounds: 0, aggregationSeconds: 0, drift: 0) == nil)
        #expect(FederatedJob.predict([part], rounds: 3, aggregationSeconds: .nan, drift: 0) == nil)
        let never = TransferEstimate(
            fetchedBytes: 1, sentBytes: 1, downBytesPerSecond: 0, upBytesPerSecond: 1, roundTripSeconds: 0)
        #expect(never.seconds == .infinity)
        let stuck = RoundPart(edge: part.edge, compute: part.compute, transferSeconds: never.seconds)
        #expect(FederatedJob.predict([part, stuck], rounds: 3, aggregationSeconds: 0, drift: 0) == nil)
    }

    @Test func transfersAreBytesOverBandwidthAndRoundTrips() {
        let transfer = TransferEstimate(
            fetchedBytes: 10e6, sentBytes: 5e6, downBytesPerSecond: 20e6, upBytesPerSecond: 10e6, roundTripSeconds: 0.05
        )
        #expect(abs(transfer.seconds - 1.1) < 1e-12)
    }

    /// Against rounds drawn at random: the expectation, and nine of ten within the interval.
    @Test func agreesWithRoundsDrawnAtRandom() throws {
        var generator = SeededGenerator()
        func normal() -> Double {
            (0..<12).reduce(-6.0) { sum, _ in sum + Double.random(in: 0..<1, using: &generator) }
        }
        for _ in 0..<5 {
            let parts = try (0..<Int.random(in: 1...6, using: &generator)).map { index in
                try Self.part(
                    "edge-\(index)", .random(in: 1...1.2, using: &generator),
                    noise: .random(in: 0.02...0.15, using: &generator),
                    transfer: .random(in: 0...0.3, using: &generator))
            }
            let rounds = 8
            let job = try #require(FederatedJob.predict(parts, rounds: rounds, aggregationSeconds: 0.1, drift: 0))
            let drawn = (0..<2_000).map { _ in
                (0..<rounds).reduce(0.0) { sum, _ in
                    sum + 0.1
                        + (parts.map { $0.transferSeconds + $0.compute.seconds * (1 + $0.compute.noise * normal()) }
                            .max() ?? 0)
                }
            }
            #expect(abs(drawn.reduce(0, +) / 2_000 / job.seconds - 1) < 0.01)
            let covered = drawn.count { job.low <= $0 && $0 <= job.high }
            #expect((1_700...1_900).contains(covered), "\(covered) of 2000")
        }
    }

    /// What all rounds are off by together does not even out.
    @Test func biasStaysAndNoiseEvensOut() throws {
        func width(_ part: RoundPart, _ rounds: Int) throws -> Double {
            let job = try #require(FederatedJob.predict([part], rounds: rounds, aggregationSeconds: 0, drift: 0))
            return job.high / job.low - 1
        }
        let (biased, noisy) = (try Self.part("a", 1, bias: 0.1), try Self.part("a", 1, noise: 0.1))
        #expect(abs(try width(biased, 100) / width(biased, 1) - 1) < 0.01)
        #expect(try width(noisy, 100) < 0.15 * width(noisy, 1))
    }
}
