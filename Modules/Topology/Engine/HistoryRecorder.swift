import Contracts
import Core

/// Every machine's history as it grows, and what of it waits for the database.
struct HistoryRecorder: Sendable {
    /// Rows that could not be written are kept for another try, but not without end.
    static let mostWaiting = 50_000

    private var rollups: [Name: HistoryRollup] = [:]
    private(set) var waiting: [HistoryStorage.Entry] = []
    private var number = 0

    /// Continues the history of an earlier run.
    mutating func resume(_ site: Name, _ stored: [HistoryTier: [HistoryRecord]]) {
        rollups[site, default: HistoryRollup()].resume(stored)
    }

    mutating func add(_ load: LoadReport, of site: Name, at time: Timestamp) {
        rollups[site, default: HistoryRollup()].add(load, at: time)
    }

    mutating func remove(_ site: Name) {
        rollups[site] = nil
        waiting.removeAll { $0.site == site }
    }

    /// Moves everything that is new to `waiting`, and returns that. The oldest are given up when there are too many.
    /// - Returns: how many were given up, with the rows.
    mutating func prepare(at time: Timestamp, grace: Duration) -> (entries: [HistoryStorage.Entry], givenUp: Int) {
        for site in Array(rollups.keys) {
            rollups[site]?.complete(until: time, grace: grace)
            for row in rollups[site]?.take() ?? [] {
                number += 1
                waiting.append(HistoryStorage.Entry(site: site, row: row, number: number))
            }
        }
        let givenUp = max(0, waiting.count - Self.mostWaiting)
        waiting.removeFirst(givenUp)
        return (waiting, givenUp)
    }

    /// These are in the database.
    mutating func written(_ entries: [HistoryStorage.Entry]) {
        guard let last = entries.last?.number else { return }
        waiting.removeAll { $0.number <= last }
    }

    var sites: [Name] { Array(rollups.keys) }

    /// What of `tier` is not in the database yet, by time: rows that wait, what came since, and the point that is not complete.
    func unwritten(_ site: Name, _ tier: HistoryTier) -> [HistoryRecord] {
        let rows = waiting.filter { $0.site == site && $0.row.tier == tier }.flatMap(\.row.records)
        guard let rollup = rollups[site] else { return rows }
        if tier == .reports { return rows + rollup.reports }
        let complete = rollup.complete.filter { $0.tier == tier }.flatMap(\.records)
        return rows + complete + [rollup.open[tier.rawValue]].compactMap { $0 }
    }
}
