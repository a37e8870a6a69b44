import Contracts
import Core
import MessageBus
import Store
import Telemetry

extension DataSyncService {
    /// Makes a new version of a data set from files on this machine; see `DatasetReader`. What equals the newest version makes
    /// none.
    ///
    /// A stream that is dropped is abandoned; what it stored goes with the next start.
    func ingest(_ request: IngestRequest, _ writer: StreamWriter<IngestProgress>) async throws {
        guard request.path.hasPrefix("/"), !request.path.utf8.contains(0) else {
            throw DataSyncError(.invalidRequest, "'\(request.path.prefix(200))' is not an absolute path")
        }
        let limits = configuration.limits
        let walk = try await shards.workers.run {
            var walk = DirectoryWalk(limits: limits)
            try walk.walk(request.path)
            return walk
        }
        let total = walk.entries.reduce(IngestProgress.empty) { $0.announcing($1.size) }
        if let newest = try await untouched(walk, request) {
            var all = total
            all.entries = total.totalEntries
            all.rawBytes = total.totalBytes
            all.deduplicatedBytes = total.totalBytes
            all.version = newest
            all.isUnchanged = true
            return try await writer.send(all)
        }
        let before = try await shards.usage()
        // A release that runs meanwhile may remove a shard that was found here and not written again: then once more.
        for _ in 0..<4 {
            let newest = try await store.read { try VersionTable(connection: $0).versions(of: request.dataset).last }
            let base = newest.map(\.manifest)
            let result = try await makingRoom { try await read(request.path, base: base, total, writer) }
            let manifest = result.manifest
            let after = try await shards.usage()
            var last = total
            last.entries = manifest.files.count
            last.rawBytes = manifest.rawBytes
            last.totalBytes = manifest.rawBytes
            let new = max(0, after.rawBytes - before.rawBytes)
            last.deduplicatedBytes = max(0, manifest.rawBytes - new)
            last.compressionSavedBytes = max(0, new - max(0, after.liveBytes - before.liveBytes))
            if !result.skipped.isEmpty {
                logger.warning(
                    "what is neither a file nor a directory was left out",
                    [
                        "path": request.path, "count": "\(result.skipped.count)",
                        "first": result.skipped.prefix(3).joined(separator: ", "),
                    ])
            }
            if let newest, try await isUnchanged(manifest, newest, request) {
                last.version = newest
                last.isUnchanged = true
                return try await writer.send(last)
            }
            guard let version = try await commit(manifest, request) else { continue }
            metrics.publishedBytes.increment(by: manifest.rawBytes)
            logger.notice(
                "a version was made",
                [
                    "dataset": version.reference.description, "files": "\(manifest.files.count)",
                    "bytes": "\(manifest.rawBytes)",
                ])
            catalogueChanges.raise()
            last.version = version
            return try await writer.send(last)
        }
        throw DataSyncError(
            .missing, "shards of '\(request.dataset)' were removed as fast as they were written; try again",
            isRetriable: true)
    }

    private func read(
        _ path: String, base: Digest?, _ total: IngestProgress, _ writer: StreamWriter<IngestProgress>
    ) async throws -> DatasetReader.Result {
        let known: Manifest?
        if let base {
            known = try await entry(base)?.manifest
        } else {
            known = nil
        }
        // Reading does not wait for whoever watches it: a slow one sees fewer steps.
        let (steps, continuation) = AsyncStream.makeStream(of: Int.self, bufferingPolicy: .bufferingNewest(1))
        return try await withThrowingTaskGroup(of: DatasetReader.Result.self) { group in
            group.addTask { [shards, configuration] in
                defer { continuation.finish() }
                return try await DatasetReader(store: shards, limits: configuration.limits).read(path, base: known) {
                    continuation.yield($0)
                }
            }
            for await bytes in steps {
                var step = total
                step.rawBytes = min(bytes, total.totalBytes)
                step.entries = total.totalBytes == 0 ? 0 : total.totalEntries * step.rawBytes / total.totalBytes
                try await writer.send(step)
            }
            guard let result = try await group.next() else { throw CancellationError() }
            return result
        }
    }

    /// The newest version, if its files are those of the walk and none was touched since it was made.
    private func untouched(_ walk: DirectoryWalk, _ request: IngestRequest) async throws -> DatasetVersion? {
        let newest = try await store.read { try VersionTable(connection: $0).versions(of: request.dataset).last }
        guard let newest, newest.isComplete, newest.artefact == request.artefact, walk.skipped.isEmpty else {
            return nil
        }
        let manifest = try await known(newest.manifest)
        let isSame =
            manifest.files.count == walk.entries.count
            && zip(manifest.files, walk.entries).allSatisfy {
                $0.path == $1.path && $0.size == $1.size && $0.mode == $1.mode && $0.modified == $1.modified
            }
        guard isSame, try await store.read({ try Catalogue(connection: $0).holdsShards(of: manifest) }) else {
            return nil
        }
        return newest
    }

    /// Whether a version has the same files with the same content.
    private func isUnchanged(
        _ manifest: Manifest, _ newest: DatasetVersion, _ request: IngestRequest
    ) async throws -> Bool {
        guard newest.isComplete, newest.artefact == request.artefact else { return false }
        let old = try await known(newest.manifest)
        return old.shards == manifest.shards && old.files.count == manifest.files.count
            && zip(old.files, manifest.files).allSatisfy {
                $0.path == $1.path && $0.size == $1.size && $0.mode == $1.mode
            }
    }

    /// Commits a version.
    /// - Returns: `nil` when a shard has gone since it was stored.
    private func commit(_ manifest: Manifest, _ request: IngestRequest) async throws -> DatasetVersion? {
        let digest = manifest.digest
        let signature = try writers?.sign(digest)
        return try await store.write { [self] connection in
            let catalogue = Catalogue(connection: connection)
            guard try catalogue.holdsShards(of: manifest) else { return nil }
            let table = VersionTable(connection: connection)
            let number = try table.nextVersion(of: request.dataset)
            let owner = VersionTable.owner(of: request.dataset, version: number)
            try enter(manifest, digest: digest, signature: signature, in: catalogue)
            try catalogue.hold(digest, for: owner)
            try catalogue.tag(
                digest, of: owner,
                TransferTags(
                    artefact: request.artefact, dataset: request.dataset, isAnonymised: request.isAnonymised))
            _ = try catalogue.setComplete(digest, true)
            try table.insert(
                request.dataset, version: number, manifest: digest, entries: manifest.files.count,
                rawBytes: manifest.rawBytes, artefact: request.artefact, isPinned: request.isPinned, now: clock.now())
            return try table.version(DatasetReference(request.dataset, version: number))
        }
    }
}

extension IngestProgress {
    fileprivate static let empty = IngestProgress(
        entries: 0, totalEntries: 0, rawBytes: 0, totalBytes: 0, deduplicatedBytes: 0, compressionSavedBytes: 0)

    /// One more file of so many bytes is to come.
    fileprivate func announcing(_ bytes: Int) -> IngestProgress {
        var progress = self
        progress.totalEntries += 1
        progress.totalBytes += bytes
        return progress
    }
}
