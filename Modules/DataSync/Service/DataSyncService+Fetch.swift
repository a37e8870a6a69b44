public import Contracts
public import Core
import MessageBus
import Telemetry
import Store

extension DataSyncService {
    /// Makes every shard of a manifest present here, verified and durable, and holds them by `request.reference`; pulls what
    /// is missing from `request.source`.
    ///
    /// The transfer's state is committed at each step (`TransferState`), so that after any interruption, of either side,
    /// asking again goes on at the shard. Failures that may pass are retried with full jitter as long as attempts are left;
    /// an attempt that moved a shard counts as the first again. A full disk is told at once.
    /// - Throws: `too-large` or `invalid-manifest` before a shard moves; `missing` when the source does not have it either;
    ///   `full` (retriable) with everything kept that was moved before; the last failure once the attempts are used up;
    ///   `CancellationError`.
    public func fetch(_ request: FetchRequest, trace: TraceID = .none) async throws -> FetchReply {
        try checkReference(request.reference)
        return try await fetches.within(request.manifest) {
            do { return try await transfer(request, trace: trace) } catch let error as CancellationError {
                throw error
            } catch {
                await forgetWanted(request.manifest)
                throw DataSyncError(
                    error, during: "manifest \(request.manifest) could not be fetched from '\(request.source)'")
            }
        }
    }

    private func transfer(_ request: FetchRequest, trace: TraceID) async throws -> FetchReply {
        var moved = MovedShards()
        var failures = 0
        var passes = 0
        var generator = SystemRandomNumberGenerator()
        while true {
            let before = moved.shards
            do {
                if let reply = try await attempt(request, trace: trace, moved: &moved) { return reply }
                // Everything was moved; the next attempt finds it here and completes. If it never does, the disk does not
                // keep what is written to it.
                passes += 1
                guard passes < 8 else {
                    throw DataSyncError(.corruptShard, "what is written is not there when it is read; check the disk")
                }
                continue
            } catch let error as any ModuleError where error.isRetriable && error.code != StoreError.Kind.full.rawValue
            {
                try Task.checkCancellation()
                if moved.shards > before { failures = 0 }
                moved.sawDamage = (error as? DataSyncError)?.is(.corruptShard) ?? false
                guard let pause = configuration.retry.delay(beforeRetry: failures, using: &generator) else {
                    throw error
                }
                failures += 1
                metrics.retries.increment()
                logger.info(
                    "a transfer is tried again",
                    [
                        "manifest": request.manifest.hex, "source": request.source.text, "pause": "\(pause)",
                        "trace": trace.description,
                    ], error: error)
                try await noteFailure(of: request.manifest, error)
                try await ContinuousClock().sleep(for: pause)
                try await reconnect(to: request.source)
            }
        }
    }

    /// One pass: what is missing, pulled; or, when nothing is, the reply.
    private func attempt(
        _ request: FetchRequest, trace: TraceID, moved: inout MovedShards
    ) async throws -> FetchReply? {
        let manifest = try await manifest(for: request, trace: trace)
        let missing = try await missing(of: manifest)
        guard !missing.isEmpty else {
            guard try await complete(request, manifest) else { return nil }
            let present = manifest.shards.count - moved.shards
            metrics.presentShards.increment(by: present)
            return FetchReply(
                manifest: manifest, movedBytes: moved.bytes, movedShards: moved.shards, presentShards: present)
        }
        guard request.source != .local else {
            throw DataSyncError(.missing, "\(missing.count) of its shards are not here, and no source was named")
        }
        try await begin(request)
        try await pull(missing, from: request.source, trace: trace, into: &moved)
        return nil
    }

    /// The manifest, from here or from the source, checked against its name, the rules and what the caller expects.
    private func manifest(for request: FetchRequest, trace: TraceID) async throws -> Manifest {
        let digest = request.manifest
        if let entry = try await store.read({ try Catalogue(connection: $0).entry(digest) }) {
            _ = try rules.check(entry.manifest, maximumBytes: request.maximumBytes)
            return entry.manifest
        }
        guard request.source != .local else {
            throw DataSyncError(.missing, "it is not here, and no source was named")
        }
        try await store.write { [clock] connection in
            try Catalogue(connection: connection).setTransfer(digest, .wanted, from: request.source, now: clock.now())
        }
        let manifest = try await bus.call(
            DataSyncContract.manifest, ManifestRequest(digest: digest), to: .peer(request.source), trace: trace
        ).body
        _ = try rules.check(manifest, maximumBytes: request.maximumBytes)
        guard manifest.digest == digest else {
            throw DataSyncError(.invalidManifest, "the source sent a manifest that hashes to \(manifest.digest)")
        }
        try await store.write { [clock] connection in
            let catalogue = Catalogue(connection: connection)
            try catalogue.insert(manifest, digest: digest, now: clock.now())
            try catalogue.hold(digest, for: request.reference)
            try catalogue.setTransfer(digest, .moving, from: request.source, now: clock.now())
        }
        return manifest
    }

    /// Commits that shards are about to move, unless that is known: after a restart, or when a shard was damaged.
    private func begin(_ request: FetchRequest) async throws {
        let state = try await store.read { try Catalogue(connection: $0).transferState(request.manifest) }
        guard state != .moving else { return }
        try await store.write { [clock] connection in
            let catalogue = Catalogue(connection: connection)
            guard try catalogue.setComplete(request.manifest, false) else { throw Self.released(request) }
            try catalogue.hold(request.manifest, for: request.reference)
            if state == nil {
                try catalogue.setTransfer(request.manifest, .wanted, from: request.source, now: clock.now())
            }
            try catalogue.setTransfer(request.manifest, .moving, from: request.source, now: clock.now())
        }
    }

    /// The shards of a manifest that are not here, each once, in order.
    private func missing(of manifest: Manifest) async throws -> [ShardSpec] {
        let missing = try await shards.missing(manifest.shards.map(\.digest))
        var seen: Set<Digest> = []
        return manifest.shards.filter { missing.contains($0.digest) && seen.insert($0.digest).inserted }
    }

    /// Commits that everything is here and held.
    /// - Returns: whether it is: a shard may have gone since it was looked at.
    private func complete(_ request: FetchRequest, _ manifest: Manifest) async throws -> Bool {
        try await store.write { [clock] connection in
            let catalogue = Catalogue(connection: connection)
            guard try catalogue.holdsShards(of: manifest) else { return false }
            guard try catalogue.setComplete(request.manifest, true) else { throw Self.released(request) }
            try catalogue.hold(request.manifest, for: request.reference)
            if let state = try catalogue.transferState(request.manifest), state != .complete {
                // All shards are durable (verified), and with this very commit they are held (complete).
                for next in [TransferState.verified, .complete] where state != next {
                    try catalogue.setTransfer(request.manifest, next, from: request.source, now: clock.now())
                }
            }
            return true
        }
    }

    /// Tidies up after a fetch that failed before its manifest came; if that fails too, the next start does it.
    private func forgetWanted(_ manifest: Digest) async {
        do { try await store.write { try Catalogue(connection: $0).forgetWanted(manifest) } } catch {
            logger.warning("a transfer stays on record until the next start", ["manifest": manifest.hex], error: error)
        }
    }

    private func noteFailure(of manifest: Digest, _ error: any ModuleError) async throws {
        try await store.write { [clock] connection in
            try Catalogue(connection: connection).noteFailure(manifest, error.description, now: clock.now())
        }
    }

    /// Waits a while for the source to be there; if it is not, the next attempt says so.
    private func reconnect(to source: PeerID) async throws {
        guard !bus.isConnected(source) else { return }
        do { try await bus.ready(source, timeout: configuration.retry.maximum) } catch let error as BusError
            where error.isRetriable
        {
            logger.debug("the source is away", ["source": source.text], error: error)
        }
    }

    private static func released(_ request: FetchRequest) -> DataSyncError {
        DataSyncError(.missing, "it was released while it was fetched for '\(request.reference)'")
    }
}
