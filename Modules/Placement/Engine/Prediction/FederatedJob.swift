import Core
import Glibc

/// Predicts whole federated jobs from what is predicted of their edges.
package enum FederatedJob {
    /// A round is over when its slowest edge is, so a job takes `rounds` times the expected slowest, and what averaging takes.
    ///
    /// The times of the edges' rounds are taken to be normal and independent, which makes the slowest later than the slowest
    /// expectation (Clark, Operations Research 1961, computed here by quadrature); what is off for all rounds of an edge adds
    /// up over the rounds, and what differs from round to round evens out.
    /// - Parameter drift: one standard deviation, as a share, of what all edges and rounds of a job have in common.
    /// - Returns: `nil` without edges or rounds, or when a transfer never ends.
    package static func predict(
        _ parts: [RoundPart], rounds: Int, aggregationSeconds: Double, drift: Double = usualDrift
    ) -> JobPrediction? {
        guard rounds >= 1, aggregationSeconds >= 0, aggregationSeconds.isFinite,
            parts.allSatisfy({ $0.mean.isFinite && $0.mean >= 0 && $0.deviation.isFinite })
        else { return nil }
        let ordered = parts.sorted { ($0.mean, $1.edge) > ($1.mean, $0.edge) }
        guard let last = ordered.first else { return nil }
        let (expected, variance, shares) = slowest(ordered)
        // What is wrong with one edge's prediction is likely wrong with those of its like: no evening out between edges.
        let bias = zip(ordered, shares).reduce(0) { $0 + $1.1 * $1.0.compute.bias * $1.0.compute.seconds }
        let count = Double(rounds)
        let seconds = count * (expected + aggregationSeconds)
        // All rounds of a job share the hour in which it runs, and what else its machines do then.
        let drift = drift * seconds
        let deviation = (count * variance + count * count * bias * bias + drift * drift).squareRoot()
        let reach = 1.645 * deviation / max(seconds, .leastNormalMagnitude)
        return JobPrediction(
            seconds: seconds, low: seconds * exp(-reach), high: seconds * exp(min(reach, 5)),
            roundSeconds: expected + aggregationSeconds, slowest: last.edge)
    }

    /// One standard deviation of whole jobs, as a share, where everything of their rounds is known: ten like jobs in a row, on a
    /// machine that did other things as well, were 6 % off.
    package static let usualDrift = 0.06

    /// Mean and variance of the slowest, and each part's probability to be it.
    private static func slowest(_ parts: [RoundPart]) -> (mean: Double, variance: Double, shares: [Double]) {
        let top = parts.reduce(0) { max($0, $1.mean + 6 * $1.deviation) }
        let bottom = parts.reduce(0) { max($0, $1.mean - 6 * $1.deviation) }
        guard top > bottom else {
            return (parts[0].mean, 0, parts.indices.map { $0 == 0 ? 1 : 0 })
        }
        let cells = 128
        let width = (top - bottom) / Double(cells)
        // The share of each cell is what the product of the distributions rises by in it.
        var mean = 0.0
        var square = 0.0
        var shares = [Double](repeating: 0, count: parts.count)
        var before = parts.map { $0.probability(below: bottom) }
        for cell in 1...cells {
            let here = parts.map { $0.probability(below: bottom + Double(cell) * width) }
            let rise = here.reduce(1, *) - before.reduce(1, *)
            let middle = bottom + (Double(cell) - 0.5) * width
            mean += rise * middle
            square += rise * middle * middle
            let parting = zip(here, before).map { $0 > 0 ? ($0 - $1) / $0 : 0 }
            let total = parting.reduce(0, +)
            if total > 0 { for index in shares.indices { shares[index] += rise * parting[index] / total } }
            before = here
        }
        let all = before.reduce(1, *)
        guard all > 0 else { return (parts[0].mean, 0, parts.indices.map { $0 == 0 ? 1 : 0 }) }
        mean /= all
        return (mean, max(0, square / all - mean * mean), shares)
    }
}

extension RoundPart {
    fileprivate var mean: Double { compute.seconds + transferSeconds }

    fileprivate var deviation: Double {
        let training = compute.seconds * compute.noise
        return (training * training + transferDeviation * transferDeviation).squareRoot()
    }

    fileprivate func probability(below seconds: Double) -> Double {
        guard deviation > 0 else { return seconds >= mean ? 1 : 0 }
        return 0.5 * erfc((mean - seconds) / (deviation * 2.0.squareRoot()))
    }
}
