import Contracts
import Glibc

/// The mean of updates with a bound on what it tells of any one edge: DP-FedAvg (McMahan et al., "Learning Differentially Private
/// Recurrent Language Models", 2018) with equal weights. w + (Σ min(1, C/‖wₖ − w‖)·(wₖ − w) + N(0, (z·C)²)) / n.
struct PrivateMean: Sendable {
    /// C, the longest that a change may be.
    let clip: Double
    /// z, the noise on the sum in multiples of `clip`.
    let noise: Double
    /// n: how many edges were asked, whoever came, so that no edge changes what the others weigh.
    let asked: Int
    private let adaptive: AdaptiveClip?

    /// - Parameter clip: that of the round, where it differs from the first one's.
    init(_ spec: PrivacySpec, asked: Int, clip: Double? = nil) {
        self.asked = asked
        self.clip = clip ?? spec.clip
        adaptive = spec.adaptive.map { AdaptiveClip($0, noise: spec.noise, asked: asked) }
        noise = adaptive?.sumNoise ?? spec.noise
    }

    /// The clip of the next round, where it is adaptive.
    func nextClip(squaredNorms: [Double]) -> Double? {
        var generator = KernelRandom()
        return adaptive?.next(after: clip, squaredNorms: squaredNorms, from: &generator)
    }

    func combination(squaredNorms: [Double]) -> Combination {
        let weights = squaredNorms.map {
            PrivacyNoise.factor(norm: $0.squareRoot(), bound: clip) / Double(asked)
        }
        return .weighted(base: Float(1 - weights.reduce(0, +)), updates: weights.map { Float($0) })
    }

    /// Of the noise in each value of the mean.
    var deviation: Double { noise * clip / Double(asked) }

    func addNoise(to values: UnsafeMutableBufferPointer<Float>) {
        var generator = KernelRandom()
        PrivacyNoise.add(deviation: deviation, to: values, from: &generator)
    }
}

/// Random numbers from the kernel, some thousand at a time.
private struct KernelRandom: RandomNumberGenerator {
    private var words: [UInt64] = []

    mutating func next() -> UInt64 {
        if let word = words.popLast() { return word }
        words = [UInt64](repeating: 0, count: 4096)
        words.withUnsafeMutableBytes { bytes in
            if let start = bytes.baseAddress { arc4random_buf(start, bytes.count) }
        }
        return words.removeLast()
    }
}

extension PrivacySpec {
    var standardDelta: Double { delta ?? 1e-5 }

    /// What so many rounds spend, by the Rényi divergence of the Gaussian mechanism. Which edges are asked is known to all who look,
    /// so nothing is gained by asking few: the chance to be asked counts as 1.
    func epsilon(rounds: Int) -> Double {
        PrivacyAccountant.epsilon(noise: noise, rounds: rounds, delta: standardDelta)
    }

    /// The most rounds that `maximumEpsilon` allows; `nil` for any number.
    func affordableRounds(of rounds: Int) -> Int? {
        guard let maximumEpsilon, epsilon(rounds: rounds) > maximumEpsilon else { return nil }
        var (low, high) = (0, rounds)
        while low + 1 < high {
            let middle = (low + high) / 2
            if epsilon(rounds: middle) > maximumEpsilon { high = middle } else { low = middle }
        }
        return low
    }

    func spent(rounds: Int) -> RoundPrivacy { RoundPrivacy(epsilon: epsilon(rounds: rounds), delta: standardDelta) }
}

extension RoundPrivacy {
    /// Such as `ε 3.21 at δ 1e-05`.
    var text: String { "ε \(StrategyParameter.text((epsilon * 100).rounded() / 100)) at δ \(delta)" }
}

extension Aggregator {
    /// Takes from a job how much an update may count for.
    /// - Parameter clip: the round's, where it is adaptive and not the first.
    mutating func exclude(as spec: TrainingJobSpec, asked: Int, clip: Double? = nil) {
        privacy = spec.privacy.map { PrivateMean($0, asked: asked, clip: clip) }
        // No edge may decide whether another counts: that would tell of it past the noise. Long updates are shortened anyway.
        exclusions.maximumNormRatio =
            privacy == nil ? spec.clients?.maximumNormRatio ?? Exclusions.standardNormRatio : .infinity
    }
}
