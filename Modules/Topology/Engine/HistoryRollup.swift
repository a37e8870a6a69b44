import Contracts
import Core

/// One machine's history as it grows: what is not yet in the database, and the points of each tier that are not complete.
///
/// Time always goes on in it: a report that seems no younger than the one before counts a millisecond later than that one, so that
/// a clock that is set back makes no point of the past, and every report has a time of its own.
struct HistoryRollup: Sendable {
    /// What goes into the database: the records of one row.
    struct Row: Sendable, Hashable {
        var tier: HistoryTier
        var start: Int64
        var records: [HistoryRecord]
    }

    /// Reports since the last `take`.
    private(set) var reports: [HistoryRecord] = []
    /// Points that no more reports are part of, since the last `take`.
    private(set) var complete: [Row] = []
    /// The point of each tier that more reports will still be part of, by tier.
    private(set) var open: [HistoryRecord?] = Array(repeating: nil, count: HistoryTier.allCases.count)
    private var latest = Int64.min

    init() {}

    /// A report came.
    mutating func add(_ load: LoadReport, at time: Timestamp) {
        latest = latest == .min ? time.milliseconds : max(latest + 1, time.milliseconds)
        let record = HistoryRecord(load, at: latest)
        reports.append(record)
        absorb(record, into: .tenSeconds)
    }

    /// Completes the points that no report can be part of any more, of machines that fell silent.
    /// - Parameter time: by the core's clock; a report counts at most `grace` before it.
    mutating func complete(until time: Timestamp, grace: Duration) {
        for tier in HistoryTier.allCases {
            guard let current = open[tier.rawValue] else { continue }
            let end = current.start + tier.width
            guard end + grace.milliseconds <= time.milliseconds else { continue }
            complete.append(Row(tier: tier, start: current.start, records: [current]))
            open[tier.rawValue] = nil
            latest = max(latest, end)
            if let coarser = tier.coarser { absorb(current, into: coarser) }
        }
    }

    /// Everything that is new since the last call, for the database.
    mutating func take() -> [Row] {
        var rows = complete
        complete = []
        if let first = reports.first { rows.append(Row(tier: .reports, start: first.start, records: reports)) }
        reports = []
        return rows
    }

    /// Continues the history of an earlier run, whose end may have come before points were complete.
    /// - Parameter stored: for each tier but the coarsest, by time, the records that belong to no stored point of the next coarser
    ///   one.
    mutating func resume(_ stored: [HistoryTier: [HistoryRecord]]) {
        // The coarse ones first: what the finer ones complete comes after it.
        for tier in HistoryTier.allCases.reversed() {
            guard let coarser = tier.coarser else { continue }
            for record in stored[tier] ?? [] {
                latest = max(latest, record.start)
                absorb(record, into: coarser)
            }
        }
    }

    private mutating func absorb(_ record: HistoryRecord, into tier: HistoryTier) {
        let start = tier.start(of: record.start)
        if var current = open[tier.rawValue] {
            if start <= current.start {
                current.merge(record)
                open[tier.rawValue] = current
                return
            }
            complete.append(Row(tier: tier, start: current.start, records: [current]))
            if let coarser = tier.coarser { absorb(current, into: coarser) }
        }
        var record = record
        record.start = start
        open[tier.rawValue] = record
    }
}
