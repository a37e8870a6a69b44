import Telemetry

/// Counts what became of load reports.
struct ReportCounters: Sendable {
    private let taken: Counter
    private let duplicate: Counter
    private let late: Counter
    private let baseless: Counter
    private let refused: Counter

    init(_ metrics: MetricsRegistry) {
        func counter(_ outcome: String) -> Counter {
            metrics.counter(
                "gedge_topology_reports_total", help: "Load reports from edges, by what became of them.",
                labels: ["outcome": outcome])
        }
        taken = counter("taken")
        duplicate = counter("duplicate")
        late = counter("late")
        baseless = counter("baseless")
        refused = counter("refused")
    }

    func count(_ outcome: LoadTrack.Outcome) {
        switch outcome {
        case .taken: taken.increment()
        case .duplicate: duplicate.increment()
        case .late: late.increment()
        case .baseless: baseless.increment()
        case .refused: refused.increment()
        }
    }
}
