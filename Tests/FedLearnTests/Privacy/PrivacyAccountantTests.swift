import TestKit
import Testing

@testable import FedLearn

/// The accountant against what a composition of Gaussian mechanisms really spends.
@Suite struct PrivacyAccountantTests {
    private static let cases: [(noise: Double, rounds: Int)] = [
        (0.5, 1), (0.5, 30), (1.0, 1), (1.0, 10), (4.0, 15), (4.0, 300), (20.0, 100), (100.0, 1000),
    ]

    /// T Gaussian mechanisms are one with μ = √T / z, whose δ at each ε is known exactly (Balle and Wang, "Improving the Gaussian
    /// Mechanism for Differential Privacy", 2018, theorem 8): never less than that is told, and not much more.
    @Test(arguments: [1e-5, 1e-8]) func neverLessThanWhatIsSpentIsTold(delta: Double) async throws {
        let told = Self.cases.map {
            "\($0.noise) \($0.rounds) \(PrivacyAccountant.epsilon(noise: $0.noise, rounds: $0.rounds, delta: delta))"
        }
        let program = """
            import math
            import sys

            delta = float(sys.argv[1])

            def spent(epsilon, mu):
                cdf = lambda x: math.erfc(-x / math.sqrt(2)) / 2
                tail = cdf(-mu / 2 - epsilon / mu)
                return cdf(mu / 2 - epsilon / mu) - (math.exp(epsilon + math.log(tail)) if tail > 0 else 0)

            for case in sys.argv[2:]:
                noise, rounds, told = map(float, case.split())
                mu, low, high = math.sqrt(rounds) / noise, 0.0, 1e5
                for _ in range(200):
                    middle = (low + high) / 2
                    low, high = (middle, high) if spent(middle, mu) > delta else (low, middle)
                assert high <= told <= 1.15 * high + 0.02, (noise, rounds, told, high)
            """
        try await Python.run(program: program, ["\(delta)"] + told)
    }

    @Test func moreIsSpentByMoreRoundsAndLessNoise() {
        func epsilon(_ noise: Double, _ rounds: Int) -> Double {
            PrivacyAccountant.epsilon(noise: noise, rounds: rounds, delta: 1e-5)
        }
        #expect(epsilon(1, 0) == 0)
        #expect(epsilon(1, 2) > epsilon(1, 1) && epsilon(2, 1) < epsilon(1, 1))
        #expect(epsilon(1e9, 1) >= 0 && epsilon(0.01, 100_000).isFinite)
    }
}
