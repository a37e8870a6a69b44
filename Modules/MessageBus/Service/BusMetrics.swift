import Contracts
import Telemetry

/// The bus's counters.
struct BusMetrics: Sendable {
    struct LaneCounters: Sendable {
        let messagesOut: Counter
        let messagesIn: Counter
        let bytesOut: Counter
        let bytesIn: Counter
    }

    let roundTrip: Histogram
    let retries: Counter
    let sessions: Gauge
    private let control: LaneCounters
    private let model: LaneCounters
    private let bulk: LaneCounters
    private let registry: MetricsRegistry

    init(_ registry: MetricsRegistry) {
        self.registry = registry
        roundTrip = registry.histogram(
            "gedge_bus_round_trip_seconds", help: "Time from a call to a peer until its answer.",
            bounds: [
                0.000_05, 0.000_1, 0.000_25, 0.000_5, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5,
                5,
                10, 30, 60,
            ])
        retries = registry.counter("gedge_bus_retries_total", help: "Calls that were sent again.")
        sessions = registry.gauge("gedge_bus_sessions", help: "Sessions with peers that are up.")
        func counters(_ lane: Lane) -> LaneCounters {
            let labels = ["lane": "\(lane)"]
            return LaneCounters(
                messagesOut: registry.counter(
                    "gedge_bus_messages_sent_total", help: "Messages sent to peers.", labels: labels),
                messagesIn: registry.counter(
                    "gedge_bus_messages_received_total", help: "Messages received from peers.", labels: labels),
                bytesOut: registry.counter("gedge_bus_bytes_sent_total", help: "Bytes sent to peers.", labels: labels),
                bytesIn: registry.counter(
                    "gedge_bus_bytes_received_total", help: "Bytes received from peers.", labels: labels))
        }
        control = counters(.control)
        model = counters(.model)
        bulk = counters(.bulk)
    }

    subscript(lane: Lane) -> LaneCounters {
        switch lane {
        case .control: control
        case .model: model
        case .bulk: bulk
        }
    }

    /// Counts a message that was thrown away.
    /// - Parameter reason: a word of ours, never of a peer's.
    func dropped(_ reason: String) {
        registry.counter(
            "gedge_bus_dropped_total", help: "Messages that were thrown away, by reason.", labels: ["reason": reason]
        ).increment()
    }

    func quarantined() {
        registry.counter(
            "gedge_bus_quarantines_total", help: "Peers that are not listened to for a while because of their offences."
        ).increment()
    }
}
