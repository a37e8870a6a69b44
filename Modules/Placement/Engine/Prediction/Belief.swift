import Contracts
import Glibc

/// What is thought of a workload's time on a class of hardware without, or beside, runs of just that.
struct Belief: Sendable {
    enum Form: Sendable {
        case own(RobustFit)
        case family(RobustFit)
    }

    var form: Form
    /// By what the form's seconds are multiplied.
    var factor = 1.0
    /// Standard deviation of the logarithm: how far off it is, for all rounds together.
    var spread: Double
    /// Standard deviation of the logarithm: how one round differs from the next.
    var noise: Double
    /// Of `spread`: how much that estimate itself rests on.
    var freedom: Double
    var match: Prediction.Match
    var reason: String
    var runs: Int

    func seconds(_ workload: TrainingWorkload, _ samples: Double) -> Double {
        switch form {
        case .own(let fit): factor * fit.seconds(WorkloadScale.own(workload, samples: samples))
        case .family(let fit): factor * fit.seconds(WorkloadScale.family(workload, samples: samples))
        }
    }

    func prediction(_ workload: TrainingWorkload, _ samples: Double) -> Prediction {
        let deviation = (spread * spread + noise * noise).squareRoot()
        return Prediction(
            seconds: seconds(workload, samples), reach: Statistics.studentBound(freedom) * deviation, bias: spread,
            noise: noise, basis: Prediction.Basis(match: match, reason: reason), runs: runs)
    }
}

extension Prediction {
    /// The interval is `reach` to both sides in the logarithm: times are above zero, and late is further off than early.
    init(seconds: Double, reach: Double, bias: Double, noise: Double, basis: Basis, runs: Int) {
        let factor = exp(min(max(reach, 0), 5))
        self.init(
            seconds: seconds, low: seconds / factor, high: seconds * factor, bias: bias, noise: noise, basis: basis,
            runs: runs)
    }
}
