package import Contracts
import Glibc

extension ProfileBook {
    /// How long one round's training of `workload` on `samples` samples takes on a class of hardware.
    ///
    /// The nearest profile counts: runs of the workload there; else of its family there; else of it, or its family, on other
    /// hardware, by the ratio of speeds on workloads that both have run.
    /// - Returns: `nil` when nothing is known, or for a workload with a flaw (`TrainingWorkload.flaw`).
    package func predict(_ workload: TrainingWorkload, hardware: String, samples: Int) -> Prediction? {
        guard workload.flaw == nil, samples >= 1 else { return nil }
        let belief = belief(workload, hardware)
        let prediction =
            own(workload, hardware, Double(samples), belief) ?? belief?.prediction(workload, Double(samples))
        guard let prediction, prediction.seconds > 0, prediction.high.isFinite else { return nil }
        return prediction
    }

    /// Of the family here and what other hardware says, the one that knows better how little it is off.
    private func belief(_ workload: TrainingWorkload, _ hardware: String) -> Belief? {
        guard let family = family(workload, hardware) else { return elsewhere(workload, hardware) }
        guard let elsewhere = elsewhere(workload, hardware) else { return family }
        return elsewhere.spread < family.spread ? elsewhere : family
    }

    /// From runs of just this. Where they say little of the number of samples that is asked, as when all had another one, the
    /// shape is what `belief` says.
    private func own(
        _ workload: TrainingWorkload, _ hardware: String, _ samples: Double, _ belief: Belief?
    ) -> Prediction? {
        guard let profile = profiles[Key(workload: workload, hardware: hardware)], var fit = profile.fit else {
            return nil
        }
        let terms = WorkloadScale.own(workload, samples: samples)
        let weights = profile.runs.indices.map { Profile.weight(age: profile.runs.count - 1 - $0) }
        let total = weights.reduce(0, +)
        if let belief {
            let ratios = zip(profile.runs, weights).map {
                (value: $0.seconds / belief.seconds(workload, $0.samples), weight: $1)
            }
            let ratio = Statistics.median(ratios) ?? 1
            let trust = max(fit.spread, 0.02) / max(belief.spread, 0.02)
            let prior = RobustFit.Row(
                terms: terms, seconds: ratio * belief.seconds(workload, samples), weight: min(1, trust * trust),
                isPrior: true)
            if prior.seconds > 0, prior.seconds.isFinite { fit = profile.fitted(with: [prior]) }
        }
        let seconds = fit.seconds(terms)
        // Two runs' worth of what noise is like elsewhere, because a few runs may agree by chance.
        let usual = belief?.noise ?? Self.usualNoise
        let noise = ((total * fit.spread * fit.spread + 2 * usual * usual) / (total + 2)).squareRoot()
        let distance = profile.runs.map { abs(log2($0.samples / samples)) }.min() ?? 0
        let extrapolation = Self.errorPerDoubling * distance
        let bias = (noise * noise * fit.leverage(terms) + extrapolation * extrapolation).squareRoot()
        var reach = Statistics.studentBound(total + 1) * (noise * noise + bias * bias).squareRoot()
        // Split conformal prediction (Lei et al., JASA 2018) on residuals that leave their own run out, once there are enough.
        let sizes = fit.residuals.map { (value: abs(log(max(1 + $0.value, 1e-3))), weight: $0.weight) }
        if let bound = Statistics.least(reaching: 0.9 * (total + 1), sizes) {
            reach = max(bound, (bound * bound + 2.7 * extrapolation * extrapolation).squareRoot())
        }
        let counts = profile.scales.map { "\(Int($0))" }
        let range = counts.count > 1 ? "\(counts[0]) to \(counts[counts.count - 1])" : counts[0]
        return Prediction(
            seconds: seconds, reach: reach, bias: bias, noise: noise,
            basis: Prediction.Basis(
                match: .sameWorkload,
                reason:
                    "\(profile.runs.count) run\(profile.runs.count == 1 ? "" : "s") of this workload on \(hardware), "
                    + "with \(range) samples"),
            runs: profile.runs.count)
    }

    /// What rounds differ by where nothing is known of it, as a share.
    static let usualNoise = 0.08
    /// By how much a time is off for every doubling between the samples that are asked and the nearest that were measured.
    static let errorPerDoubling = 0.02
}
