import Contracts

/// All figures of one machine over some time.
struct HistoryRecord: Sendable, Hashable {
    /// Milliseconds since 1970-01-01 UTC.
    var start: Int64
    /// In the order of `LoadMetric.allCases`; `nil` where nothing is known.
    var summaries: [HistorySummary?]

    init(start: Int64, summaries: [HistorySummary?]) {
        self.start = start
        self.summaries = summaries
    }

    init(_ load: LoadReport, at start: Int64) {
        self.start = start
        summaries = LoadMetric.allCases.map { load.value(of: $0).map { HistorySummary($0) } }
    }

    mutating func merge(_ other: HistoryRecord) {
        for (index, summary) in other.summaries.enumerated() {
            guard let summary else { continue }
            if summaries[index]?.merge(summary) == nil { summaries[index] = summary }
        }
    }

    subscript(_ metric: LoadMetric) -> HistorySummary? { summaries[Self.places[metric] ?? 0] }

    private static let places = Dictionary(uniqueKeysWithValues: LoadMetric.allCases.enumerated().map { ($1, $0) })
}
