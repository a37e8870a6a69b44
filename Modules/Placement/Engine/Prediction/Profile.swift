import Contracts
import Core
import Glibc

/// The newest runs of one workload on one class of hardware, and what they say together.
///
/// Which runs it keeps, and so what it predicts, depends on the runs alone and not on the order in which they were told.
struct Profile: Sendable {
    /// The most runs that it keeps.
    static let capacity = 64
    /// After so many newer runs, one counts half: a machine that changes is followed.
    static let halfLife = 12.0

    let workload: TrainingWorkload
    /// Oldest first.
    private(set) var runs: [Observation] = []
    /// Of the runs alone; `nil` before the first.
    private(set) var fit: RobustFit?

    init(_ workload: TrainingWorkload) { self.workload = workload }

    /// When the newest run was over.
    var newest: Timestamp { runs.last?.time ?? Timestamp(milliseconds: .min) }

    /// Keeps a run unless it is there already, or older than all of the many that are.
    /// - Returns: whether it was kept. `refit` has to follow.
    mutating func add(_ run: Observation) -> Bool {
        if let known = runs.firstIndex(where: { $0.isSameRound(as: run) }) {
            guard run < runs[known] else { return false }
            runs.remove(at: known)
        }
        let place = runs.firstIndex { run < $0 } ?? runs.count
        if runs.count == Self.capacity {
            guard place > 0 else { return false }
            runs.insert(run, at: place)
            runs.removeFirst()
        } else {
            runs.insert(run, at: place)
        }
        return true
    }

    mutating func refit() { fit = runs.isEmpty ? nil : fitted(with: []) }

    /// A fit of the runs and of beliefs.
    func fitted(with priors: [RobustFit.Row]) -> RobustFit {
        let rows = runs.enumerated().map { index, run in
            RobustFit.Row(
                terms: WorkloadScale.own(workload, samples: run.samples), seconds: run.seconds,
                weight: Self.weight(age: runs.count - 1 - index))
        }
        let rate = Statistics.median(rows.map { ($0.seconds / $0.terms[0], $0.weight) }) ?? 0
        return RobustFit(rows + priors) { rate * $0.terms[0] }
    }

    /// The least, a middle and the largest number of samples among the runs, without repetition.
    var scales: [Double] {
        let sorted = runs.map(\.samples).sorted()
        guard let least = sorted.first, let most = sorted.last else { return [] }
        return Set([least, sorted[sorted.count / 2], most]).sorted()
    }

    static func weight(age: Int) -> Double { exp2(-Double(age) / halfLife) }
}
