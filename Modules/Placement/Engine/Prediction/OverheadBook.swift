import Contracts
import Core

/// What rounds take beyond training: the medians of the newest rounds, because one that stalls says nothing of the next.
struct OverheadBook: Sendable {
    private struct Key: Hashable {
        var workload: TrainingWorkload
        /// `nil` for the core's own part.
        var edge: Name?
    }

    /// The newest values of one key, oldest first.
    private struct Values: Sendable {
        var seconds: [Double] = []
        var newest: Timestamp
    }

    /// How many rounds count.
    private static let window = 15
    /// The most keys that are kept; the longest unused half goes when there are more.
    private static let limit = 20_000

    private var values: [Key: Values] = [:]

    /// Learns from rounds; those of one round of a job together.
    mutating func add(_ records: [RoundRecord]) {
        var slowest: [Round: (total: Double, record: RoundRecord)] = [:]
        for record in records where record.flaw == nil {
            add(
                record.totalSeconds - record.computeSeconds, Key(workload: record.workload, edge: record.edge),
                record.time)
            let round = Round(job: record.jobUID, number: record.round)
            if record.totalSeconds > slowest[round]?.total ?? -1 { slowest[round] = (record.totalSeconds, record) }
        }
        for (total, record) in slowest.values.sorted(by: { $0.record.time < $1.record.time }) {
            guard let seconds = record.roundSeconds, seconds.isFinite else { continue }
            add(seconds - total, Key(workload: record.workload, edge: nil), record.time)
        }
    }

    private struct Round: Hashable {
        var job: String
        var number: Int
    }

    private mutating func add(_ seconds: Double, _ key: Key, _ time: Timestamp) {
        guard seconds >= 0 else { return }
        var entry = values[key] ?? Values(newest: time)
        entry.seconds.append(seconds)
        if entry.seconds.count > Self.window { entry.seconds.removeFirst() }
        entry.newest = max(entry.newest, time)
        values[key] = entry
        if values.count > Self.limit {
            let order = values.sorted { $0.value.newest < $1.value.newest }
            for (old, _) in order.prefix(Self.limit / 2) { values[old] = nil }
        }
    }

    /// The median and one standard deviation, in seconds.
    func transfer(_ workload: TrainingWorkload, at edge: Name) -> (seconds: Double, deviation: Double)? {
        let key = Key(workload: workload, edge: edge)
        guard let seconds = median(key), let values = values[key]?.seconds else { return nil }
        // The median absolute deviation, times what makes it the standard deviation of normal noise.
        let off = values.map { abs($0 - seconds) }.sorted()
        return (seconds, 1.4826 * off[off.count / 2])
    }
    func aggregation(_ workload: TrainingWorkload) -> Double? { median(Key(workload: workload, edge: nil)) }

    private func median(_ key: Key) -> Double? {
        guard let seconds = values[key]?.seconds.sorted(), !seconds.isEmpty else { return nil }
        return (seconds[(seconds.count - 1) / 2] + seconds[seconds.count / 2]) / 2
    }
}
