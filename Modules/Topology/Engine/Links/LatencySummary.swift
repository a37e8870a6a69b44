import Contracts

extension NetTestLatency {
    /// - Parameter roundTrips: in seconds, in the order in which they were made.
    init(sent: Int, roundTrips: [Double]) {
        self.init(sent: sent, lost: sent - roundTrips.count)
        guard !roundTrips.isEmpty else { return }
        let sorted = roundTrips.sorted()
        minimum = sorted[0]
        median = Self.percentile(50, of: sorted)
        percentile90 = Self.percentile(90, of: sorted)
        percentile99 = Self.percentile(99, of: sorted)
        maximum = sorted[sorted.count - 1]
        let steps = zip(roundTrips, roundTrips.dropFirst()).map { abs($1 - $0) }
        jitter = steps.isEmpty ? 0 : steps.reduce(0, +) / Double(steps.count)
    }

    /// The nearest rank: the least value that so many percent of all do not exceed.
    static func percentile(_ percent: Int, of sorted: [Double]) -> Double {
        let rank = (sorted.count * percent + 99) / 100
        return sorted[min(sorted.count, max(1, rank)) - 1]
    }
}
