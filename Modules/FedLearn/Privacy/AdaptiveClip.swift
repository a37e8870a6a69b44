import Contracts
import Glibc

/// A clip that follows a quantile of the updates' lengths, privately (Andrew et al., "Differentially Private Learning with Adaptive
/// Clipping", NeurIPS 2021): C ← C · exp(−η · (b̃ − γ)), with b̃ the noisy share of the asked edges whose update was no longer than C.
///
/// That share costs privacy too. Its noise has the deviation σ on the count, and the noise on the sum is raised from z to
/// (z⁻² − (2σ)⁻²)^(−1/2), so that both together tell as much as z alone does (their theorem 1).
struct AdaptiveClip: Sendable {
    let quantile: Double
    let rate: Double
    let noise: Double
    let asked: Int

    init(_ spec: AdaptiveClipSpec, noise: Double, asked: Int) {
        (quantile, rate, self.noise, self.asked) = (spec.quantile ?? 0.5, spec.rate ?? 0.2, noise, asked)
    }

    /// σ: a twentieth of the edges, as the paper has it, and at least z, below half of which no noise on the sum would do.
    var countDeviation: Double { max(Double(asked) / 20, noise) }

    /// What z on the sum becomes.
    var sumNoise: Double {
        guard noise > 0 else { return 0 }
        return 1 / (1 / (noise * noise) - 1 / (4 * countDeviation * countDeviation)).squareRoot()
    }

    func next(
        after clip: Double, squaredNorms: [Double], from generator: inout some RandomNumberGenerator
    ) -> Double {
        let within = squaredNorms.count { $0.squareRoot() <= clip }
        let share =
            (Double(within) + countDeviation * PrivacyNoise.normal(from: &generator)) / Double(max(1, asked))
        // Noise moves it too; no round moves it further than e.
        return min(1e6, max(1e-9, clip * exp(max(-1, min(1, -rate * (share - quantile))))))
    }
}
