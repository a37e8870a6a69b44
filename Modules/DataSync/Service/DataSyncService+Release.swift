import Contracts
import Store
import Telemetry

extension DataSyncService {
    /// Drops every reference that begins with `prefix`; `run` then removes what nobody refers to any more.
    ///
    /// The references are dropped durably when this returns. What came from elsewhere may stay as long as the cache has room.
    /// Shards that a crash keeps from being removed are removed by the
    /// next start.
    /// - Throws: `DataSyncError` `invalid-request` for an empty prefix, which would drop everything.
    public func release(prefix: String) async throws {
        try checkReference(prefix)
        let isCaching = configuration.cacheBytes > 0
        let (references, shards, cached) = try await store.write { connection in
            let cached = isCaching ? try CacheTable(connection: connection).keep(released: prefix) : 0
            let (references, shards) = try Catalogue(connection: connection).release(prefix: prefix)
            return (references, shards, cached)
        }
        if cached > 0 { await enforceQuota() }
        logger.debug(
            "references released", ["prefix": prefix, "references": "\(references)", "shards": "\(shards.count)"])
        guard !shards.isEmpty else { return }
        metrics.waitingRemovals.increment(by: Double(shards.count))
        unnamed.continuation.yield(shards)
    }

    /// Every reference that is held, also by a fetch that was cut short, and begins with `prefix`.
    public func references(prefix: String) async throws -> [String] {
        try await store.read { try Catalogue(connection: $0).references(prefix: prefix) }
    }

    /// Removes shards that a release left without a name; what fails is left to the next start.
    func removeReleased(_ candidates: [Digest]) async {
        do { metrics.removedShards.increment(by: try await shards.removeUnnamed(candidates)) } catch {
            logger.warning("released shards stay until the next start", ["shards": "\(candidates.count)"], error: error)
        }
        metrics.waitingRemovals.decrement(by: Double(candidates.count))
    }

    /// Removes shards that no manifest names and no start has use for.
    func recover() async throws {
        try await store.write { try Catalogue(connection: $0).forgetWanted() }
        try await release(prefix: Self.prefetchPrefix)
        let removed = try await shards.removeUnnamed()
        metrics.removedShards.increment(by: removed)
        await enforceQuota()
        if removed > 0 {
            logger.notice("shards left over from the last run were removed", ["shards": "\(removed)"])
        }
    }
}
