import Contracts
import Core
import MessageBus
import Store
import Telemetry

extension DataSyncService {
    /// What is held while it is fetched ahead of time.
    static let prefetchPrefix = "prefetch/"
    /// Prefetches that go on at the same time.
    private static let prefetches = 2

    func registerPrefetches() {
        bus.handle(DataSyncContract.prefetch) { [self] request -> PrefetchReply in
            var order = request.body
            guard let edge = order.edge else { return try await prefetch(order) }
            order.edge = nil
            return try await bus.call(DataSyncContract.prefetch, order, to: .peer(PeerID(edge)), trace: request.trace)
                .body
        }
        bus.handle(DataSyncContract.cancelPrefetch) { [self] request -> PrefetchReply in
            let manifest = request.body.manifest
            guard let edge = request.body.edge else {
                return PrefetchReply(state: ahead.cancel(manifest) ? .fetching : .none)
            }
            return try await bus.call(
                DataSyncContract.cancelPrefetch, PrefetchCancellation(manifest: manifest), to: .peer(PeerID(edge)),
                trace: request.trace
            ).body
        }
    }

    /// Begins to fetch something from the core behind everything else; it stays in the cache when it is there.
    func prefetch(_ request: PrefetchRequest) async throws -> PrefetchReply {
        guard exchange != nil else {
            throw DataSyncError(.invalidRequest, "edges fetch ahead of time, from the core; name one")
        }
        guard configuration.cacheBytes > 0 else {
            throw DataSyncError(
                .invalidRequest, "the edge has no cache to keep it in; set cache.bytes in its configuration")
        }
        guard request.maximumBytes <= configuration.cacheBytes else {
            throw DataSyncError(
                .tooLarge,
                "it has up to \(ByteCount(request.maximumBytes)), more than the \(ByteCount(configuration.cacheBytes)) of the "
                    + "edge's cache (cache.bytes in its configuration)")
        }
        if try await store.read({ try Catalogue(connection: $0).isComplete(request.manifest) }) == true {
            return PrefetchReply(state: .present)
        }
        try ahead.add(request)
        return PrefetchReply(state: .fetching)
    }

    /// Fetches what was asked for ahead of time, until cancelled.
    func keepPrefetching() async throws {
        let places = Turnstile(places: Self.prefetches)
        await withDiscardingTaskGroup { group in
            for await order in ahead.orders {
                group.addTask { [self] in
                    await withTaskGroup(of: Void.self) { race in
                        race.addTask { [self] in await carryOut(order.request, places) }
                        race.addTask { for await _ in order.stopped {} }
                        await race.next()
                        race.cancelAll()
                    }
                    guard ahead.end(order.request.manifest) else { return }
                    await letGo(order.request.manifest)
                }
            }
        }
        try Task.checkCancellation()
    }

    private func carryOut(_ request: PrefetchRequest, _ places: Turnstile) async {
        do {
            try await places.within {
                var fetch = FetchRequest(
                    manifest: request.manifest, source: .core, reference: Self.prefetchReference(request.manifest),
                    maximumBytes: request.maximumBytes, tags: request.tags)
                fetch.isAhead = true
                _ = try await self.fetch(fetch)
                metrics.prefetched.increment()
            }
        } catch is CancellationError {
            return
        } catch {
            logger.info(
                "what will be wanted could not be fetched ahead", ["manifest": request.manifest.hex], error: error)
        }
    }

    /// What was fetched ahead is in the cache from now on, or goes if not all of it came.
    func letGo(_ manifest: Digest) async {
        do { try await release(prefix: Self.prefetchReference(manifest)) } catch {
            logger.warning(
                "what was fetched ahead stays until the next start", ["manifest": manifest.hex], error: error)
        }
    }

    private static func prefetchReference(_ manifest: Digest) -> String { "\(prefetchPrefix)\(manifest)/" }
}
