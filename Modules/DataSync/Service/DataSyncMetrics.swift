import Telemetry

/// What the service counts.
struct DataSyncMetrics: Sendable {
    let publishedBytes: Counter
    let receivedBytes: Counter
    let sentBytes: Counter
    let presentShards: Counter
    let damagedShards: Counter
    let refusedSignatures: Counter
    let scrubs: Counter
    let scrubbedBytes: Counter
    let damagedManifests: Gauge
    let mendedManifests: Counter
    let retries: Counter
    let removedShards: Counter
    let waitingRemovals: Gauge
    let cacheHits: Counter
    let cacheMisses: Counter
    let cacheHitBytes: Counter
    let cacheEvictions: Counter
    let cacheEvictedBytes: Counter
    let cacheBytes: Gauge
    let prefetched: Counter
    let appendedBytes: Counter
    let sealedVersions: Counter

    init(_ registry: MetricsRegistry) {
        publishedBytes = registry.counter(
            "gedge_datasync_published_bytes_total", help: "Raw bytes of tensors published here")
        receivedBytes = registry.counter(
            "gedge_datasync_received_bytes_total", help: "Bytes of shards fetched from other clouds, as compressed")
        sentBytes = registry.counter(
            "gedge_datasync_sent_bytes_total", help: "Bytes of shards sent to other clouds, as compressed")
        presentShards = registry.counter(
            "gedge_datasync_present_shards_total", help: "Shards that a fetch found here already")
        damagedShards = registry.counter(
            "gedge_datasync_damaged_shards_total", help: "Shards whose bytes did not match their name")
        refusedSignatures = registry.counter(
            "gedge_datasync_refused_signatures_total",
            help: "Manifests refused because of who signed them, or nobody did")
        scrubs = registry.counter(
            "gedge_datasync_scrubs_total", help: "Times that everything stored was read and hashed")
        scrubbedBytes = registry.counter("gedge_datasync_scrubbed_bytes_total", help: "Bytes that were read for it")
        damagedManifests = registry.gauge(
            "gedge_datasync_damaged_manifests", help: "Manifests that damage made incomplete and that are not whole yet"
        )
        mendedManifests = registry.counter(
            "gedge_datasync_mended_manifests_total", help: "Manifests that were fetched again because of damage")
        retries = registry.counter("gedge_datasync_retries_total", help: "Attempts of a fetch after the first")
        cacheHits = registry.counter(
            "gedge_datasync_cache_hits_total", help: "Fetches of versions that were here for nobody any more")
        cacheMisses = registry.counter(
            "gedge_datasync_cache_misses_total", help: "Fetches for which shards had to come from elsewhere")
        cacheHitBytes = registry.counter(
            "gedge_datasync_cache_hit_bytes_total", help: "Raw bytes of the versions that the cache had")
        cacheEvictions = registry.counter(
            "gedge_datasync_cache_evictions_total", help: "Cached versions that were dropped to make room")
        cacheEvictedBytes = registry.counter(
            "gedge_datasync_cache_evicted_bytes_total", help: "Raw bytes of the cached versions that were dropped")
        cacheBytes = registry.gauge(
            "gedge_datasync_cache_bytes", help: "Raw bytes of versions that are here for nobody any more")
        prefetched = registry.counter(
            "gedge_datasync_prefetches_total", help: "Versions that were fetched before they were wanted")
        appendedBytes = registry.counter(
            "gedge_datasync_appended_bytes_total", help: "Raw bytes of records and files appended to data sets here")
        sealedVersions = registry.counter(
            "gedge_datasync_sealed_versions_total", help: "Versions made of what was appended")
        removedShards = registry.counter(
            "gedge_datasync_removed_shards_total", help: "Shards removed because nothing refers to them")
        waitingRemovals = registry.gauge(
            "gedge_datasync_waiting_removals", help: "Shards that nothing refers to and that are not removed yet")
    }
}
