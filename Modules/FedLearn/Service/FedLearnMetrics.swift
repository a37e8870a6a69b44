import Telemetry

/// What the coordinator counts.
struct FedLearnMetrics: Sendable {
    let rounds: Counter
    let repeatedRounds: Counter
    let countedUpdates: Counter
    let refusedUpdates: Counter
    let roundSeconds: Histogram

    init(_ registry: MetricsRegistry) {
        rounds = registry.counter("gedge_fedlearn_rounds_total", help: "Rounds committed.")
        repeatedRounds = registry.counter("gedge_fedlearn_repeated_rounds_total", help: "Rounds asked again.")
        countedUpdates = registry.counter("gedge_fedlearn_updates_total", help: "Updates counted.")
        refusedUpdates = registry.counter("gedge_fedlearn_refused_updates_total", help: "Updates refused.")
        roundSeconds = registry.histogram(
            "gedge_fedlearn_round_seconds", help: "Time from a round's plan to its commit.",
            bounds: Histogram.durationBounds)
    }
}
