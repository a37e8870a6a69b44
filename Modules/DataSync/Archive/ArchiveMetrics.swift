import Telemetry

/// What an archive service counts.
struct ArchiveMetrics: Sendable {
    let manifests: Counter
    let bytes: Counter
    let restoredShards: Counter
    let failures: Counter
    let waiting: Gauge

    init(_ registry: MetricsRegistry) {
        manifests = registry.counter("gedge_archive_manifests_total", help: "Manifests copied to the archive")
        bytes = registry.counter("gedge_archive_sent_bytes_total", help: "Bytes of shards sent to the archive")
        restoredShards = registry.counter(
            "gedge_archive_restored_shards_total", help: "Shards brought back from the archive")
        failures = registry.counter("gedge_archive_failures_total", help: "Passes that the archive broke off")
        waiting = registry.gauge("gedge_archive_waiting_manifests", help: "Manifests that are not archived yet")
    }
}
