import Contracts
import Glibc

/// What the time of stochastic gradient descent grows with, as the terms of a sum whose coefficients are not negative
/// (Venkataraman et al., "Ernest", NSDI 2016, with the terms of training in place of those of a cluster).
///
/// With n samples, e passes and steps of b samples, a round has e⌈n/b⌉ steps. A sample costs arithmetic for every parameter
/// and the copying of its features; a step costs the update of every parameter and what a call costs; a round costs what
/// starting costs.
enum WorkloadScale {
    /// Terms for runs of one workload: samples, steps, 1. The first has what several could explain.
    static func own(_ workload: TrainingWorkload, samples: Double) -> [Double] {
        [seen(workload, samples), steps(workload, samples), 1]
    }

    /// Terms for runs of one family.
    static func family(_ workload: TrainingWorkload, samples: Double) -> [Double] {
        let parameters = Double(workload.parameters)
        let (seen, steps) = (seen(workload, samples), steps(workload, samples))
        return [seen * parameters, steps * parameters, seen, seen * Double(workload.features), steps, 1]
    }

    /// How many samples are seen, each as often as it is.
    static func seen(_ workload: TrainingWorkload, _ samples: Double) -> Double {
        Double(workload.localEpochs) * samples
    }

    private static func steps(_ workload: TrainingWorkload, _ samples: Double) -> Double {
        Double(workload.localEpochs) * (samples / Double(workload.batchSize)).rounded(.up)
    }

    /// How far two workloads of a family are apart: 1 for twice the parameters, less for what matters less. Squared.
    static func distance(_ one: TrainingWorkload, _ other: TrainingWorkload) -> Double {
        func doublings(_ a: Int, _ b: Int) -> Double { log2(Double(a) / Double(b)) }
        let parts = [
            doublings(one.parameters, other.parameters), 0.5 * doublings(one.batchSize, other.batchSize),
            0.5 * doublings(one.features, other.features), 0.25 * doublings(one.localEpochs, other.localEpochs),
        ]
        return parts.reduce(0) { $0 + $1 * $1 }
    }
}
