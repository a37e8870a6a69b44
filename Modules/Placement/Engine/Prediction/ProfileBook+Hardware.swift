import Contracts
import Glibc

extension ProfileBook {
    /// The most shared workloads that a ratio is learned from, nearest first.
    private static let mostShared = 64

    /// From another class of hardware, by the ratio of its speed to this one's on workloads that ran on both; `nil` when no
    /// other class knows the workload or its family, or none has run anything that this one has.
    func elsewhere(_ workload: TrainingWorkload, _ hardware: String) -> Belief? {
        guard workloads[hardware] != nil else { return nil }
        var best: (belief: Belief, shared: Int)?
        for other in workloads.keys.sorted() where other != hardware {
            guard let (base, isOwn) = there(workload, other), let ratio = ratio(of: hardware, to: other, for: workload)
            else { continue }
            var belief = base
            belief.factor *= ratio.factor
            belief.spread = (base.spread * base.spread + ratio.spread * ratio.spread).squareRoot()
            belief.freedom = min(base.freedom, ratio.freedom)
            belief.match = .otherHardware
            let factor = (ratio.factor * 100).rounded() / 100
            belief.reason =
                "no run of \(workload.model) in \(workload.precision) on \(hardware); "
                + "\(isOwn ? "this workload" : "its family") on \(other), times \(factor) as learned from "
                + "\(ratio.shared) workload\(ratio.shared == 1 ? "" : "s") that ran on both"
            if let known = best {
                guard belief.spread < known.belief.spread else { continue }
            }
            best = (belief, ratio.shared)
        }
        return best?.belief
    }

    private func there(_ workload: TrainingWorkload, _ hardware: String) -> (Belief, isOwn: Bool)? {
        if let profile = profiles[Key(workload: workload, hardware: hardware)], let fit = profile.fit {
            let runs = profile.runs.count
            let noise = max(fit.spread, 0.01)
            let belief = Belief(
                form: .own(fit), spread: noise / Double(runs).squareRoot(), noise: noise, freedom: Double(runs),
                match: .otherHardware, reason: "", runs: runs)
            return (belief, true)
        }
        return family(workload, hardware).map { ($0, false) }
    }

    private struct Ratio {
        var factor: Double
        /// Standard deviation of its logarithm.
        var spread: Double
        var freedom: Double
        var shared: Int
    }

    private func ratio(of hardware: String, to other: String, for workload: TrainingWorkload) -> Ratio? {
        var shared: [(workload: TrainingWorkload, distance: Double)] = []
        for (family, mine) in workloads[hardware] ?? [:] {
            // Another family counts as if it were four times as large.
            let apart = family == Family(workload) ? 0.0 : 4
            for candidate in mine.intersection(workloads[other]?[family] ?? []) {
                shared.append((candidate, WorkloadScale.distance(candidate, workload) + apart))
            }
        }
        shared.sort { $0.distance == $1.distance ? $0.workload.precedes($1.workload) : $0.distance < $1.distance }
        let logarithms = shared.prefix(Self.mostShared).compactMap { entry -> (value: Double, weight: Double)? in
            guard let here = profiles[Key(workload: entry.workload, hardware: hardware)],
                let there = profiles[Key(workload: entry.workload, hardware: other)], let mine = here.fit,
                let theirs = there.fit
            else { return nil }
            let scales = here.scales
            let terms = WorkloadScale.own(entry.workload, samples: scales[scales.count / 2])
            let value = log(mine.seconds(terms) / theirs.seconds(terms))
            return value.isFinite ? (value, 1 / (1 + entry.distance)) : nil
        }
        guard let middle = Statistics.median(logarithms) else { return nil }
        // One workload that was measured badly on one of the two must not speak for the rest.
        let width = max(0.05, 1.4826 * (Statistics.median(logarithms.map { (abs($0.value - middle), $0.weight) }) ?? 0))
        let kept = logarithms.filter { abs($0.value - middle) <= 3 * width }
        let total = kept.reduce(0) { $0 + $1.weight }
        let mean = kept.reduce(0) { $0 + $1.weight * $1.value } / total
        let squares = kept.reduce(0) { $0 + $1.weight * ($1.value - mean) * ($1.value - mean) }
        let guess = 0.2
        let spread = ((squares + 0.5 * guess * guess) / (total + 0.5)).squareRoot()
        return Ratio(factor: exp(mean), spread: spread, freedom: Double(max(1, kept.count - 1)), shared: kept.count)
    }
}
