import Telemetry

/// A registry of a test's own.
struct MetricsOfTest: Sendable {
    let registry = MetricsRegistry()
}
