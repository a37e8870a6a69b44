import Contracts
import Core

/// Answers a question about the history from records.
enum HistoryReduction {
    /// The finest tier that reaches back to `from`; the coarsest when none does.
    static func tier(from: Timestamp, now: Timestamp) -> HistoryTier {
        let (age, overflow) = now.milliseconds.subtractingReportingOverflow(from.milliseconds)
        return HistoryTier.allCases.first { !overflow && age <= $0.retention } ?? .hours
    }

    /// The points of `metric` that begin from `query.from` up to before `query.to`, neighbours joined until there are at most
    /// `query.most`.
    /// - Parameter records: of `tier`, by time.
    static func points(_ records: [HistoryRecord], tier: HistoryTier, _ query: HistoryQuery) -> HistoryReply {
        let (from, to) = (tier.start(of: query.from.milliseconds), query.to.milliseconds)
        let found = records.compactMap { record -> (start: Int64, summary: HistorySummary)? in
            guard record.start >= from, record.start < to else { return nil }
            return record[query.metric].map { (record.start, $0) }
        }
        var width = tier.width
        var points = found
        if found.count > query.most, let first = found.first, let last = found.last {
            // Wide enough that so many of them span what was found, and whole points of the tier each.
            let unit = max(1, tier.width)
            let span = last.start - first.start + unit
            width = ((span + Int64(query.most) - 1) / Int64(query.most) + unit - 1) / unit * unit
            points = []
            for (start, summary) in found {
                let bucket = first.start + (start - first.start) / width * width
                if let last = points.last, last.start == bucket {
                    points[points.count - 1].summary.merge(summary)
                } else {
                    points.append((bucket, summary))
                }
            }
        }
        return HistoryReply(
            resolution: width,
            points: points.map { start, summary in
                HistoryPoint(
                    start: Timestamp(milliseconds: start), minimum: Double(summary.minimum), mean: Double(summary.mean),
                    maximum: Double(summary.maximum), count: Int(summary.count))
            })
    }
}
