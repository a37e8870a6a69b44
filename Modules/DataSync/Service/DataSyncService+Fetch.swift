public import Contracts
public import Core
import MessageBus
import Telemetry
import Store

extension DataSyncService {
    /// The longest pause before a source that paused or defers is asked again.
    private static let longestDeferral: Duration = .seconds(5)

    /// Makes every shard of a manifest present here, verified and durable, and holds them by `request.reference`; pulls what
    /// is missing from `request.source`, and from whomever it names.
    ///
    /// The transfer's state is committed at each step (`TransferState`), so that after any interruption, of either side,
    /// asking again goes on at the shard. Failures that may pass are retried with full jitter as long as attempts are left;
    /// an attempt that moved a shard counts as the first again. A full disk is told at once. An operator may pause, resume
    /// or cancel it.
    /// - Parameter deadline: until when it is wanted; among transfers of its priority the earliest is served first.
    /// - Throws: `too-large` or `invalid-manifest` before a shard moves; `missing` when the source does not have it either;
    ///   `refused` by a rule of either side; `full` (retriable) with everything kept that was moved before; the last failure
    ///   once the attempts are used up; `cancelled`; `CancellationError`.
    public func fetch(
        _ request: FetchRequest, trace: TraceID = .none, deadline: ContinuousClock.Instant? = nil
    ) async throws -> FetchReply {
        // What is wanted now does not wait behind everything else; what came of it ahead of time is kept.
        guard request.isAhead != true, ahead.takeOver(request.manifest) else {
            return try await fetched(request, trace: trace, deadline: deadline)
        }
        let result: Result<FetchReply, any Error>
        do { result = .success(try await fetched(request, trace: trace, deadline: deadline)) } catch {
            result = .failure(error)
        }
        await letGo(request.manifest)
        return try result.get()
    }

    private func fetched(
        _ request: FetchRequest, trace: TraceID, deadline: ContinuousClock.Instant?
    ) async throws -> FetchReply {
        try checkReference(request.reference)
        let record = board.begin(.fetching, request.manifest, with: request.source, tags: request.tags)
        defer { board.end(record) }
        do {
            return try await fetches.within(request.manifest) {
                arrivals.begin(request.manifest)
                defer { arrivals.end(request.manifest) }
                return try await transfer(Fetch(request: request, record: record, trace: trace, deadline: deadline))
            }
        } catch let error as CancellationError {
            record.fail(Failure(code: "cancelled", message: "whoever asked for it no longer waits"), shown: .cancelled)
            throw error
        } catch {
            await forgetWanted(request.manifest)
            let failure = DataSyncError(
                error, during: "manifest \(request.manifest) could not be fetched from '\(request.source)'")
            record.fail(
                Failure(failure), shown: failure.is(.refused) ? .refused : failure.is(.cancelled) ? .cancelled : .failed
            )
            throw failure
        }
    }

    /// One fetch through all its attempts.
    struct Fetch: Sendable {
        let request: FetchRequest
        let record: TransferRecord
        let trace: TraceID
        let deadline: ContinuousClock.Instant?
        var moved = MovedShards()
        /// Holders that failed it.
        var avoided: [PeerID] = []
        var terms = TransferTerms()
        /// Whether it was held for the request; then a release ends the fetch.
        var isHeld = false

        /// Adds what a session brought.
        mutating func add(_ session: PullSession) {
            let new = session.moved
            moved.shards += new.shards
            moved.bytes += new.bytes
            moved.damaging = new.damaging
            for peer in session.failed where peer != request.source && !avoided.contains(peer) { avoided.append(peer) }
        }
    }

    private func transfer(_ fetch: Fetch) async throws -> FetchReply {
        var fetch = fetch
        let (request, record) = (fetch.request, fetch.record)
        var failures = 0
        var passes = 0
        var generator = SystemRandomNumberGenerator()
        while true {
            try await record.mayGoOn()
            let before = fetch.moved.shards
            do {
                if let reply = try await attempt(&fetch) { return reply }
                // Everything was moved, or an operator intervened; the next attempt finds it here and completes. If it never
                // does, the disk does not keep what is written to it.
                if record.phase != .paused { passes += 1 }
                guard passes < 8 else {
                    throw DataSyncError(.corruptShard, "what is written is not there when it is read; check the disk")
                }
            } catch let error as any ModuleError where error.code == StoreError.Kind.full.rawValue {
                record.handle(.interrupted)
                guard try await makeRoom() else { throw error }
            } catch let error as any ModuleError where error.isRetriable {
                try Task.checkCancellation()
                record.handle(.interrupted)
                if fetch.moved.shards > before { (failures, passes) = (0, 0) }
                if Self.isPatient(error) {
                    // Nothing is wrong: the other side lets it wait.
                    record.show(.deferred)
                    try await record.changes.waitBriefly(Self.longestDeferral)
                    continue
                }
                guard let pause = configuration.retry.delay(beforeRetry: failures, using: &generator) else {
                    throw error
                }
                failures += 1
                metrics.retries.increment()
                logger.info(
                    "a transfer is tried again",
                    [
                        "manifest": request.manifest.hex, "source": request.source.text, "pause": "\(pause)",
                        "trace": fetch.trace.description,
                    ], error: error)
                try await noteFailure(of: request.manifest, error)
                try await ContinuousClock().sleep(for: pause)
                try await reconnect(to: request.source)
            }
        }
    }

    private static func isPatient(_ error: any ModuleError) -> Bool {
        error.code == DataSyncError.Kind.paused.rawValue || error.code == DataSyncError.Kind.deferred.rawValue
    }

    /// One pass: what is missing, pulled; or, when nothing is, the reply.
    private func attempt(_ fetch: inout Fetch) async throws -> FetchReply? {
        let (request, record) = (fetch.request, fetch.record)
        fetch.terms = try await ask(request)
        if request.isAhead == true { fetch.terms.priority = .bulk }
        record.note(rule: fetch.terms.rule, tags: request.tags)
        record.attempt(peers: [request.source])
        var opening = try await open(&fetch)
        let manifest = opening.manifest
        let missing = try await missing(of: manifest)
        if record.counters.wanted == 0 {
            let present = manifest.rawBytes - missing.reduce(0) { $0 + manifest.shards[$1].size }
            record.count { $0 = .init(wanted: manifest.rawBytes, done: present, deduplicated: present) }
        }
        if !missing.isEmpty {
            guard request.source != .local else {
                throw DataSyncError(.missing, "\(missing.count) of its shards are not here, and no source was named")
            }
            guard try await begin(&fetch, offered: opening.offer != nil) else { return nil }
            if opening.offer == nil { opening.offer = try await self.offer(fetch, needsManifest: false).offer }
            guard record.handle(.ready) == .begin else { return nil }
            guard try await pull(missing, of: opening, &fetch) else {
                record.handle(.interrupted)
                return nil
            }
        }
        guard record.handle(.allPresent) == .commit else { return nil }
        guard try await complete(fetch, manifest) else {
            record.handle(.incomplete)
            return nil
        }
        record.handle(.held)
        let present = manifest.shards.count - fetch.moved.shards
        metrics.presentShards.increment(by: present)
        return FetchReply(
            manifest: manifest, movedBytes: fetch.moved.bytes, movedShards: fetch.moved.shards, presentShards: present)
    }

    /// Whether the rules of this side let it be fetched.
    private func ask(_ request: FetchRequest) async throws -> TransferTerms {
        if request.source == .local { return TransferTerms() }
        let decision = try await policy.mayFetch(
            TransferAsk(manifest: request.manifest, peer: request.source, tags: request.tags))
        switch decision {
        case .allow(let terms): return terms
        case .defer(let until, let rule):
            throw DataSyncError(.deferred, "\(rule) holds it back until \(until)", isRetriable: true)
        case .refuse(let rule, let reason): throw DataSyncError(.refused, "\(rule) refuses it: \(reason)")
        }
    }

    // MARK: The opening

    /// What is known before shards move.
    struct Opening {
        let manifest: Manifest
        /// `nil` while the source was not asked because the manifest is here.
        var offer: OfferReply?
        /// What came along with the offer.
        var along: Along?
    }

    /// The manifest, from here or from the source, checked against its name, the rules and what the caller expects.
    private func open(_ fetch: inout Fetch) async throws -> Opening {
        let request = fetch.request
        let digest = request.manifest
        if fetch.isHeld { try await store.read { try Catalogue(connection: $0).checkHeld(request) } }
        if let entry = try await entry(digest) {
            _ = try rules.check(entry.manifest, maximumBytes: request.maximumBytes)
            return Opening(manifest: entry.manifest)
        }
        guard request.source != .local else {
            throw DataSyncError(.missing, "it is not here, and no source was named")
        }
        // Nothing follows from its being wanted before the answer is here.
        async let noted: Void = store.write { [clock] connection in
            try Catalogue(connection: connection).setTransfer(digest, .wanted, from: request.source, now: clock.now())
        }
        let wish = alongWish(fetch)
        let (offer, attachments) = try await self.offer(fetch, needsManifest: true, along: wish?.request)
        try await noted
        guard !attachments.isEmpty else {
            throw DataSyncError(.invalidManifest, "the source sent no manifest")
        }
        let along = try Self.along(offer, attachments, wish?.lease)
        let manifest = try attachments[0].withUnsafeBytes { bytes throws -> Manifest in
            // Of bytes that hash to the name only those are read that its writer wrote.
            let found = SHA256.digest(of: bytes)
            guard found == digest else {
                throw DataSyncError(.invalidManifest, "the source sent a manifest that hashes to \(found)")
            }
            return try Manifest(canonicalBytes: bytes, limits: configuration.limits)
        }
        _ = try rules.check(manifest, maximumBytes: request.maximumBytes)
        guard manifest.digest == digest else {
            throw DataSyncError(.invalidManifest, "the manifest is not written as its name's rule demands")
        }
        let signatures = try await verifiedSignatures(of: digest, offer.signatures, request)
        try await store.write { [clock] connection in
            let catalogue = Catalogue(connection: connection)
            try catalogue.enter(manifest, for: request, now: clock.now())
            try catalogue.sign(digest, signatures)
        }
        fetch.isHeld = true
        manifests.add(digest, manifest)
        arrivals.raise(digest)
        return Opening(manifest: manifest, offer: offer, along: along)
    }

    private func offer(
        _ fetch: Fetch, needsManifest: Bool, along: AlongRequest? = nil
    ) async throws -> (offer: OfferReply, attachments: [Attachment]) {
        let request = fetch.request
        var bases = try await store.read { connection in
            let catalogue = Catalogue(connection: connection)
            // What is no model the rules might keep from the source, which would be told of as a refusal.
            return try catalogue.newestComplete(except: request.manifest, count: 16).filter { digest in
                guard let tags = try catalogue.tags(of: digest) else { return true }
                return tags.artefact == .model || (tags.dataset != nil && tags.dataset == request.tags?.dataset)
            }
        }
        bases = Array(bases.prefix(8))
        if let base = request.base { bases = [base] + bases.filter { $0 != base } }
        let reply = try await bus.call(
            DataSyncContract.offer,
            OfferRequest(
                manifest: request.manifest, needsManifest: needsManifest, bases: bases, avoid: fetch.avoided,
                takesHolders: exchange != nil, along: along),
            to: .peer(request.source), timeout: configuration.stallTimeout, trace: fetch.trace)
        let known = Set(bases)
        var offer = reply.body
        offer.bases.removeAll { !known.contains($0) }
        return (offer, reply.attachments)
    }

    // MARK: States

    /// Commits that shards are about to move, unless that is known: after a restart, or when a shard was damaged.
    /// - Parameter offered: whether the source was just asked for the manifest, because it was not here.
    /// - Returns: whether the manifest is still here.
    private func begin(_ fetch: inout Fetch, offered: Bool) async throws -> Bool {
        let request = fetch.request
        let isHeld = fetch.isHeld
        // Whoever has just entered it need not look.
        var isMoving = offered && isHeld
        if !isMoving { isMoving = try await store.read { try Catalogue(connection: $0).isMoving(request) } }
        if !isMoving {
            let isHere = try await store.write { [clock] connection in
                try Catalogue(connection: connection).setMoving(request, wasHeld: isHeld, now: clock.now())
            }
            guard isHere else { return false }
        }
        fetch.isHeld = true
        return true
    }

    /// Places of the shards that are not here, each shard once, in order.
    private func missing(of manifest: Manifest) async throws -> [Int] {
        let missing = try await shards.missing(manifest.shards.map(\.digest))
        return manifest.firstPlaces.filter { missing.contains(manifest.shards[$0].digest) }
    }

    /// Commits that everything is here and held.
    /// - Returns: whether it is: a shard may have gone since it was looked at, or the manifest with those who had it.
    private func complete(_ fetch: Fetch, _ manifest: Manifest) async throws -> Bool {
        let (request, isHeld, moved) = (fetch.request, fetch.isHeld, fetch.moved.shards > 0)
        let isCaching = configuration.cacheBytes > 0
        let wasCached: Bool? = try await store.write { [self] connection in
            let catalogue = Catalogue(connection: connection)
            let wasCached = try isCaching && CacheTable(connection: connection).isCached(request.manifest)
            guard try catalogue.setComplete(request, manifest, wasHeld: isHeld, now: clock.now()) else { return nil }
            if isCaching { try noteUse(of: request, bytes: manifest.rawBytes, moved: moved, connection) }
            return wasCached
        }
        guard let wasCached else { return false }
        if moved {
            metrics.cacheMisses.increment()
        } else if wasCached {
            metrics.cacheHits.increment()
            metrics.cacheHitBytes.increment(by: manifest.rawBytes)
        }
        return true
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
}
