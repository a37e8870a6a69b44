public import Contracts
public import Core
import MessageBus
public import Store
import Synchronization
public import Telemetry

/// Copies manifests and shards to an archive in the background, and brings back from it what was lost here.
///
/// `run` it beside the `DataSyncService` whose database and shards it shares. A pass that was interrupted, by `kill -9` too,
/// goes on where it was; the archive being away delays copies and nothing else.
public final class ArchiveService: Sendable {
    public let archive: ShardArchive
    public let configuration: ArchiveServiceConfiguration
    let database: Database
    let local: ShardStore
    private let writers: WriterBook?
    private let logger: Logger
    private let metrics: ArchiveMetrics
    private let clock: any Clock<Duration>
    private let wallClock: any WallClock
    /// The failure of the last pass; its code is logged once, however long the store stays away.
    private let reported = Mutex<Failure?>(nil)

    /// What kept the last pass from its end.
    var lastFailure: Failure? { reported.withLock { $0 } }

    /// - Parameters:
    ///   - database: the `DataSyncService`'s, opened with its and `ShardArchive.migrations`.
    ///   - local: the `DataSyncService`'s.
    ///   - writers: the `DataSyncService`'s; with it what is archived is signed, and only what is signed is restored.
    public init(
        archive: ShardArchive, database: Database, local: ShardStore, writers: WriterBook? = nil,
        configuration: ArchiveServiceConfiguration = ArchiveServiceConfiguration(), logger: Logger = .disabled,
        metrics: MetricsRegistry = MetricsRegistry(), clock: any Clock<Duration> = ContinuousClock(),
        wallClock: any WallClock = SystemWallClock()
    ) {
        self.archive = archive
        self.database = database
        self.local = local
        self.writers = writers
        self.configuration = configuration
        self.logger = logger
        self.metrics = ArchiveMetrics(metrics)
        self.clock = clock
        self.wallClock = wallClock
    }

    /// Copies and repairs until cancelled.
    public func run() async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { [self] in try await copyForEver() }
            group.addTask { [self] in try await tidyForEver() }
            try await group.waitForAll()
        }
    }

    private func copyForEver() async throws {
        var pause = configuration.interval
        while true {
            do {
                _ = try await pass()
                pause = configuration.interval
            } catch is CancellationError { throw CancellationError() } catch {
                pause = min(pause * 2, configuration.interval * 16)
            }
            try await clock.sleep(for: pause)
        }
    }

    private func tidyForEver() async throws {
        while true {
            do {
                let count = try await archive.objects.abortStaleUploads(
                    prefix: archive.configuration.prefix, olderThan: configuration.staleUploads)
                if count > 0 { logger.notice("stale uploads to the archive given up", ["count": "\(count)"]) }
            } catch is CancellationError { throw CancellationError() } catch {
                logger.warning("stale uploads to the archive cannot be given up; tried again tomorrow", error: error)
            }
            try await clock.sleep(for: .seconds(86_400))
        }
    }

    /// One pass: copies what is to be copied, brings back what was damaged here, and mirrors removals if configured.
    /// - Returns: how many manifests were copied and how many made whole again.
    /// - Throws: the first failure of the archive itself; what concerns one manifest is logged, and the others go on.
    public func pass() async throws -> (copied: Int, restored: Int) {
        var done = (copied: 0, restored: 0)
        do {
            let waiting = try await waiting()
            metrics.waiting.set(Double(waiting.count))
            for (index, digest) in waiting.enumerated() {
                if try await copy(digest) { done.copied += 1 }
                metrics.waiting.set(Double(waiting.count - index - 1))
            }
            for digest in try await damaged() where try await bringBack(digest) { done.restored += 1 }
            if configuration.retention == .mirror { try await mirror() }
            if reported.withLock({ $0.take() }) != nil { logger.notice("the archive answers again") }
            return done
        } catch is CancellationError { throw CancellationError() } catch {
            metrics.failures.increment()
            let failure = Failure(error)
            if reported.withLock({ reported in
                defer { reported = failure }
                return reported?.code != failure.code
            }) {
                logger.error("the archive \(archive.name) cannot be used; copies wait for it", error: error)
            }
            throw error
        }
    }

    /// - Returns: whether the manifest was copied, and not skipped for a reason of its own.
    private func copy(_ digest: Digest) async throws -> Bool {
        guard let entry = try await database.read({ try Catalogue(connection: $0).entry(digest) }), entry.isComplete
        else { return false }
        let references = try await database.read { connection in
            try connection.query(
                "SELECT owner FROM datasync_references WHERE manifest = ? ORDER BY owner", digest.hex
            ) { try $0.string(0) }
        }
        do {
            let stored = try await archive.put(
                entry.manifest, references: references, signatures: try await signatures(of: digest), from: local)
            metrics.manifests.increment()
            metrics.bytes.increment(by: Double(stored.bytes))
            logger.info(
                "archived",
                [
                    "manifest": digest.hex, "shards": "\(stored.shards)", "present": "\(stored.presentShards)",
                    "bytes": "\(stored.bytes)",
                ])
            return true
        } catch let error as DataSyncError where error.is(.missing) || error.is(.corruptShard) {
            // Released meanwhile, or damaged here: the next pass sees which.
            logger.warning("a manifest was not archived", ["manifest": digest.hex], error: error)
            return false
        }
    }

    /// The writers' signatures, and this core's own: it knew the writers when the manifest came, and its key is what whoever
    /// restores it after a loss still has.
    private func signatures(of digest: Digest) async throws -> [ManifestSignature] {
        guard let writers else { return [] }
        let stored = try await database.read { connection in
            try Catalogue(connection: connection).signatures(
                of: digest, first: writers.cloud, count: WriterBook.maximumSignatures)
        }
        let others = stored.filter { $0.key != writers.key.verifyingKey }
        return [try writers.sign(digest).told] + others.prefix(WriterBook.maximumSignatures - 1).map(\.told)
    }

    /// Fetches the shards of a manifest that are missing here.
    /// - Returns: whether it is whole again.
    private func bringBack(_ digest: Digest) async throws -> Bool {
        guard let entry = try await database.read({ try Catalogue(connection: $0).entry(digest) }), !entry.isComplete
        else { return false }
        do {
            try await fill(entry.manifest, digest)
            logger.notice("made whole again from the archive", ["manifest": digest.hex])
            return true
        } catch let error as DataSyncError where error.is(.missing) || error.is(.corruptShard) {
            logger.error(
                "a damaged manifest is not whole in the archive either", ["manifest": digest.hex], error: error)
            return false
        }
    }

    /// Makes an archived manifest present here, and holds it for `reference`: after a machine was lost, or for one that never
    /// had it.
    /// - Parameters:
    ///   - trusted: an earlier key of this core's, in hexadecimal, when it lost its own.
    ///   - progress: is told how far it is.
    /// - Throws: `DataSyncError` `missing` when the archive has no such manifest; `unsigned`, `bad-signature` or
    ///   `unknown-writer` when nobody signed it whose signature counts; `corrupt-shard`; `too-large`; what the
    ///   store throws. What was fetched until then is kept.
    public func restore(
        _ digest: Digest, reference: String, trusting trusted: String? = nil, maximumBytes: Int = 1 << 40,
        progress: @Sendable @escaping (ArchiveProgress) async throws -> Void = { _ in }
    ) async throws -> Manifest {
        let manifest = try await archive.manifest(digest, maximumBytes: maximumBytes)
        let signatures = try await verifiedSignatures(of: digest, trusting: trusted)
        let now = wallClock.now()
        try await database.write { connection in
            let catalogue = Catalogue(connection: connection)
            try catalogue.insert(manifest, digest: digest, now: now)
            try catalogue.sign(digest, signatures)
            try catalogue.hold(digest, for: reference)
        }
        let counter = ProgressCounter(total: manifest.rawBytes)
        try await fill(manifest, digest) { try await progress(counter.advance(by: $0)) }
        try await progress(
            ArchiveProgress(doneBytes: manifest.rawBytes, totalBytes: manifest.rawBytes, isDone: true))
        return manifest
    }

    private func verifiedSignatures(of digest: Digest, trusting text: String?) async throws -> [WriterSignature] {
        guard let writers else { return [] }
        let trusted = text.flatMap { VerifyingKey(hexadecimal: $0) }
        guard text == nil || trusted != nil else {
            throw DataSyncError(.invalidRequest, "a signing key is 64 lower-case hexadecimal digits")
        }
        return try await writers.verified(
            try await archive.signatures(of: digest), of: digest, from: .local, trusting: trusted)
    }

    private func fill(
        _ manifest: Manifest, _ digest: Digest, progress: @Sendable (Int) async throws -> Void = { _ in }
    ) async throws {
        let shards = Set(manifest.shards.map(\.digest))
        let missing = try await local.missing(Array(shards))
        try await archive.shards(Array(missing), of: digest) { [local, metrics] arrived in
            let refused = try await local.accept(arrived)
            metrics.restoredShards.increment(by: Double(arrived.count - refused.count))
            if let error = refused.values.first { throw error }
            try await progress(arrived.reduce(0) { $0 + $1.list.size })
        }
        let isWhole = try await database.write { connection in
            let catalogue = Catalogue(connection: connection)
            guard try catalogue.holdsShards(of: manifest) else { return false }
            // Released meanwhile is no failure: nobody wants it any more.
            _ = try catalogue.setComplete(digest, true)
            return true
        }
        guard isWhole else {
            throw DataSyncError(
                .missing, "manifest \(digest): a shard went while others were fetched; try again", isRetriable: true)
        }
    }

    /// Removes from the archive what was archived from here and is not here any more.
    private func mirror() async throws {
        let here = try await database.read { connection in
            Set(try connection.query("SELECT digest FROM datasync_manifests") { try $0.string(0) })
        }
        for digest in try await archive.records.manifests() where !here.contains(digest.hex) {
            try await archive.remove(digest)
            logger.info("removed from the archive", ["manifest": digest.hex])
        }
    }

    // MARK: What there is to do

    /// Complete manifests that somebody refers to and that are not archived, oldest first.
    func waiting() async throws -> [Digest] {
        let latest = Timestamp(
            milliseconds: wallClock.now().milliseconds - configuration.settle.components.seconds * 1000)
        return try await manifests(isComplete: true, isArchived: false, until: latest)
    }

    /// Archived manifests that are not whole here.
    private func damaged() async throws -> [Digest] {
        try await manifests(isComplete: false, isArchived: true, until: Timestamp(milliseconds: .max))
    }

    private func manifests(isComplete: Bool, isArchived: Bool, until latest: Timestamp) async throws -> [Digest] {
        let rows = try await database.read { [archive] connection in
            try connection.query(
                """
                SELECT m.digest, r.owner FROM datasync_manifests m JOIN datasync_references r ON r.manifest = m.digest
                WHERE m.is_complete = ? AND m.created <= ? AND EXISTS (
                    SELECT 1 FROM datasync_archive_manifests a WHERE a.archive = ? AND a.manifest = m.digest) = ?
                ORDER BY m.created, m.digest
                """, isComplete, latest, archive.records.archive, isArchived
            ) { (digest: try $0.string(0), owner: try $0.string(1)) }
        }
        var found: [Digest] = []
        for row in rows where found.last?.hex != row.digest {
            let prefixes = configuration.references
            // What is cached may be fetched again from where it came.
            guard !row.owner.hasPrefix(CacheTable.prefix),
                prefixes.isEmpty || prefixes.contains(where: row.owner.hasPrefix),
                let digest = Digest(hex: row.digest)
            else { continue }
            found.append(digest)
        }
        return found
    }
}
