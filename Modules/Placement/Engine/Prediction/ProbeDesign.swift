package import Contracts
import Glibc

/// Which small runs tell most of a workload that has never run: Ernest's experiment design, in its simple form for one
/// machine, where a time has a fixed part and one that grows with the samples.
package enum ProbeDesign {
    /// The share of a round's samples that all probes together may take.
    private static let budget = 0.1
    private static let candidates = 10

    /// Three numbers of samples, ascending, that predict a round of `samples` best among those that cost at most a tenth of
    /// it: the variance of what they say of the round is least, when each time is off by the same share (c-optimal design).
    /// - Returns: fewer, down to `[samples]`, for a round that is itself hardly more than a step.
    package static func sampleCounts(for workload: TrainingWorkload, samples: Int) -> [Int] {
        let step = min(max(1, workload.batchSize), max(1, samples))
        let most = max(Double(samples) * budget, Double(3 * step))
        guard samples > 6 * step else { return Array(Set([min(step, samples), samples])).sorted() }
        var grid: [Int] = []
        let ratio = most / Double(step)
        for index in 0..<candidates {
            let exponent = Double(index) / Double(candidates - 1)
            // Whole steps: a step that is not full costs what a full one does and says less.
            let steps = (pow(ratio, exponent)).rounded(.down)
            let count = max(1, Int(steps)) * step
            if grid.last != count { grid.append(count) }
        }
        var best: (counts: [Int], variance: Double)?
        for first in grid.indices {
            for second in grid.indices where second >= first {
                for third in grid.indices where third >= second {
                    let counts = [grid[first], grid[second], grid[third]]
                    guard Double(counts.reduce(0, +)) <= most, Set(counts).count == 3 else { continue }
                    let variance = variance(at: samples, from: counts, step: step)
                    if variance < best?.variance ?? .infinity { best = (counts, variance) }
                }
            }
        }
        return best?.counts ?? [step, min(samples, 2 * step), min(samples, 4 * step)]
    }

    /// Of the time predicted for `samples`, relative to it, when a start costs as much as four steps.
    private static func variance(at samples: Int, from counts: [Int], step: Int) -> Double {
        func row(_ count: Int) -> [Double] {
            let time = Double(4 * step + count)
            return [Double(count) / time, 1 / time * Double(step)]
        }
        var matrix = SmallMatrix(size: 2)
        for count in counts { matrix.add(row(count), weight: 1) }
        matrix.invert()
        return matrix.form(row(samples))
    }
}
