import Contracts
import Core
import MessageBus
import Store
import Telemetry

extension DataSyncService {
    /// The least that a full disk is given back at a time, where there is so much in the cache.
    private static let roomBytes = 64 << 20

    /// What the cache holds and did.
    func cacheStatus() async throws -> CacheStatus {
        let usage = try await store.read { try CacheTable(connection: $0).usage() }
        return CacheStatus(
            bytes: usage.bytes, quota: configuration.cacheBytes, versions: usage.versions,
            hits: Int(metrics.cacheHits.value), misses: Int(metrics.cacheMisses.value),
            evictions: Int(metrics.cacheEvictions.value))
    }

    /// Notes that a fetch was done; inside its last transaction.
    /// - Parameter moved: whether anything had to come.
    func noteUse(of request: FetchRequest, bytes: Int, moved: Bool, _ connection: Connection) throws {
        let table = CacheTable(connection: connection)
        // What is here for another reason, and never came from elsewhere, is no part of the cache.
        if !moved, try table.frequency(of: request.manifest) == nil { return }
        let link = links.estimate(of: request.source)
        let cost = CacheValue.cost(bytes: bytes, bytesPerSecond: link.bytesPerSecond, roundTrip: link.roundTrip)
        try table.use(request.manifest, bytes: bytes, cost: cost, now: clock.now())
    }

    /// Drops what is worth least until no more is cached than the quota allows; what fails is tried again with the next release.
    func enforceQuota() async {
        do {
            let usage = try await evict { usage in
                usage.bytes > self.configuration.cacheBytes || usage.versions > CacheTable.maximumVersions
            }
            metrics.cacheBytes.set(Double(usage.bytes))
        } catch {
            logger.warning("more is cached than the quota allows; it goes with the next release", error: error)
        }
    }

    /// Does work that needs disk space. When there is none the cache gives way, and only when that is empty too, or does not
    /// help, the error is told.
    func makingRoom<Result>(_ body: () async throws -> Result) async throws -> Result {
        while true {
            do { return try await body() } catch let error as any ModuleError
                where error.code == StoreError.Kind.full.rawValue
            {
                guard try await makeRoom() else { throw error }
            }
        }
    }

    /// Gives a part of the cache back to the disk.
    /// - Returns: whether anything was given back.
    func makeRoom() async throws -> Bool {
        let before = metrics.cacheEvictions.value
        let start: (versions: Int, bytes: Int)
        do {
            start = try await store.read { try CacheTable(connection: $0).usage() }
            guard start.versions > 0 else { return false }
            let target = max(0, start.bytes - max(Self.roomBytes, start.bytes / 4))
            metrics.cacheBytes.set(Double(try await evict { $0.versions > 0 && $0.bytes > target }.bytes))
        } catch let error as StoreError where error.kind == .full {
            // Not even room to say what goes: the disk is full, and that is what the caller is told.
            return false
        }
        let evicted = metrics.cacheEvictions.value - before
        if evicted > 0 { logger.notice("the disk is full; the cache gave way", ["versions": "\(Int(evicted))"]) }
        return evicted > 0
    }

    /// Drops versions, the least valuable first, while `isTooMuch`; never one that is needed or moving.
    /// - Returns: what is left.
    private func evict(
        while isTooMuch: @escaping @Sendable ((versions: Int, bytes: Int)) -> Bool
    ) async throws -> (versions: Int, bytes: Int) {
        try await evicting.within {
            var passed: Set<Digest> = []
            while true {
                let (usage, entries) = try await store.read { connection in
                    let table = CacheTable(connection: connection)
                    return (try table.usage(), try table.entries(limit: CacheTable.maximumVersions * 2))
                }
                guard isTooMuch(usage), let next = entries.first(where: { !passed.contains($0.manifest) }) else {
                    return usage
                }
                passed.insert(next.manifest)
                guard !board.isActive(next.manifest), arrivals.signal(of: next.manifest) == nil else { continue }
                // A fetch that begins now waits until it is gone, or keeps it by being first.
                let shards = try await fetches.withinIfFree(next.manifest) {
                    try await store.write { try CacheTable(connection: $0).evict(next) }
                }
                guard let shards = shards ?? nil else { continue }
                metrics.cacheEvictions.increment()
                metrics.cacheEvictedBytes.increment(by: next.bytes)
                metrics.removedShards.increment(by: try await self.shards.removeUnnamed(shards))
            }
        }
    }
}
