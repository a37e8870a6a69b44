/// Whether threads of its own, or those of one NUMA node, make a program faster: what was measured, not what is believed.
public struct PinningAdvice: Sendable, Hashable, Codable {
    public enum Effect: String, Sendable, Hashable, Codable {
        case helps, hurts
        case noDifference = "no-difference"
    }

    public enum Arrangement: String, Sendable, Hashable, Codable {
        case shared, pinned
        case singleNUMA = "single-numa"
    }

    /// What one arrangement does against sharing, at one number of threads.
    public struct Finding: Sendable, Hashable, Codable {
        public var arrangement: Arrangement
        public var effect: Effect
        /// Its time over that of sharing: 1.39 is 39 % slower.
        public var ratio: Double
        /// The share of the time that chance can explain; only what is larger counts.
        public var noise: Double
    }

    public var threads: Int
    public var findings: [Finding]
    /// What to use: the fastest of those that help, otherwise sharing, which leaves the most to others.
    public var use: Arrangement
    /// The same in a sentence.
    public var reason: String

    /// Differences below this share of the time are taken for none where the spread of runs is unknown or small.
    ///
    /// The seeds' measurements, without a spread, differ by up to 1 % between arrangements that they call equal.
    public static let leastNoise = 0.015

    /// One piece of advice for each number of threads that was measured shared and in another way, fewest threads first.
    ///
    /// Two means differ when they do so by more than two standard errors of their difference, `2 √(s₁²/n₁ + s₂²/n₂)` (Welch),
    /// and by more than `leastNoise`. Rows of the same configuration are taken together, weighted by their runs; those without a
    /// positive, finite time are left out.
    public static func advise(_ profiles: [PinningProfile]) -> [PinningAdvice] {
        let usable = profiles.filter {
            $0.milliseconds > 0 && $0.milliseconds.isFinite && $0.runs > 0 && $0.threads > 0
                && ($0.spread.map { $0 >= 0 && $0.isFinite } ?? true)
        }
        return Dictionary(grouping: usable, by: \.threads).sorted { $0.key < $1.key }.compactMap { advice($0, $1) }
    }

    private static func advice(_ threads: Int, _ rows: [PinningProfile]) -> PinningAdvice? {
        let samples = Dictionary(grouping: rows, by: arrangement).mapValues(Sample.init)
        guard let shared = samples[.shared], samples.count > 1 else { return nil }
        let findings = [Arrangement.pinned, .singleNUMA].compactMap { arrangement in
            samples[arrangement].map { finding(arrangement, $0, against: shared) }
        }
        let helpful = findings.filter { $0.effect == .helps }.min { $0.ratio < $1.ratio }
        let words = findings.map { "\(name($0.arrangement)) \(Self.words($0))" }.joined(separator: ", ")
        let use = helpful?.arrangement ?? .shared
        return PinningAdvice(
            threads: threads, findings: findings, use: use,
            reason: "with \(threads) threads, \(words): use \(name(use))")
    }

    private static func finding(_ arrangement: Arrangement, _ sample: Sample, against shared: Sample) -> Finding {
        let ratio = sample.mean / shared.mean
        let error = (sample.squaredError + shared.squaredError).squareRoot()
        let noise = max(leastNoise, 2 * error / shared.mean)
        let effect: Effect = abs(ratio - 1) <= noise ? .noDifference : ratio < 1 ? .helps : .hurts
        return Finding(arrangement: arrangement, effect: effect, ratio: ratio, noise: noise)
    }

    private static func arrangement(_ profile: PinningProfile) -> Arrangement {
        profile.isSingleNUMA ? .singleNUMA : profile.isPinned ? .pinned : .shared
    }

    private static func name(_ arrangement: Arrangement) -> String {
        switch arrangement {
        case .shared: "sharing"
        case .pinned: "threads of its own"
        case .singleNUMA: "a single NUMA node"
        }
    }

    private static func words(_ finding: Finding) -> String {
        let percent = Int((abs(finding.ratio - 1) * 100).rounded())
        return switch finding.effect {
        case .helps: "helps by \(percent) %"
        case .hurts: "hurts by \(percent) %"
        case .noDifference: "makes no difference"
        }
    }

    /// All runs of one configuration.
    private struct Sample {
        let mean: Double
        /// Of the mean; 0 where no spread was recorded.
        let squaredError: Double

        init(_ rows: [PinningProfile]) {
            let runs = rows.reduce(0.0) { $0 + Double($1.runs) }
            let mean = rows.reduce(0) { $0 + $1.milliseconds * Double($1.runs) } / runs
            // Within the rows and between them.
            let variance =
                rows.reduce(0) { sum, row in
                    let (spread, distance) = (row.spread ?? 0, row.milliseconds - mean)
                    return sum + Double(row.runs) * (spread * spread + distance * distance)
                } / runs
            self.mean = mean
            squaredError = variance / runs
        }
    }
}
