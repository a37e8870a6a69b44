public import Contracts
import Core
import Store
import Telemetry

extension DataSyncService {
    /// Makes a version of everything that the newest one has and of what was appended since.
    ///
    /// Records become files `records/00000001.jsonl` and so on, the very bytes that were appended. What the newest version has
    /// is not read again. Appends go on meanwhile, for the version after.
    /// - Throws: `DataSyncError` `missing` when the data set has nothing, `corrupt-shard` when its newest version is damaged;
    ///   `StoreError` `full` (retriable) or `io`; what was appended is then as it was.
    public func seal(_ dataset: DatasetName) async throws -> SealReply {
        try await seals.within(dataset) {
            let (journals, parts) = try await closed(dataset)
            for _ in 0..<4 {
                let base = try await store.read { try VersionTable(connection: $0).versions(of: dataset).last }
                guard !journals.isEmpty || !parts.isEmpty else {
                    guard let base else {
                        throw DataSyncError(.missing, "nothing was appended to \(dataset), and it has no version here")
                    }
                    return SealReply(version: base, isUnchanged: true)
                }
                let material = try await material(of: dataset, base, journals, parts)
                let reader = DatasetReader(store: shards, limits: configuration.limits)
                let root = self.journals.directory
                let manifest = try await makingRoom {
                    try await reader.read(
                        FileCutter(
                            root: root, isDirectory: true, entries: material.entries, known: material.known), [],
                        { _ in }
                    ).manifest
                }
                guard let sealed = try await commit(manifest, of: dataset, base, journals, parts) else { continue }
                for journal in journals { self.journals.discard(journal.id) }
                if !sealed.unnamed.isEmpty {
                    metrics.waitingRemovals.increment(by: Double(sealed.unnamed.count))
                    unnamed.continuation.yield(sealed.unnamed)
                }
                metrics.sealedVersions.increment()
                logger.notice(
                    "what was appended became a version",
                    [
                        "dataset": sealed.version.reference.description, "files": "\(sealed.version.entries)",
                        "records": "\(sealed.version.records ?? 0)", "bytes": "\(sealed.version.rawBytes)",
                    ])
                await dropContained(in: dataset)
                catalogueChanges.raise()
                return SealReply(version: sealed.version, isUnchanged: false)
            }
            throw DataSyncError(
                .missing, "shards of '\(dataset)' were removed as fast as they were written; try again",
                isRetriable: true)
        }
    }

    /// Drops versions that the newest one contains, but for the last few: what is sealed often would otherwise be listed again
    /// and again. What fails, and what is being sent, goes with a later version.
    private func dropContained(in dataset: DatasetName) async {
        do {
            let dropped = try await store.write { [board, configuration] connection in
                let table = VersionTable(connection: connection)
                let versions = try table.contained(of: dataset, keeping: max(1, configuration.sealedVersions))
                    .filter { !board.isActive($0.manifest) }
                for version in versions { try table.remove(version) }
                return versions.compactMap(\.reference.version)
            }
            for number in dropped { try await release(prefix: VersionTable.owner(of: dataset, version: number)) }
        } catch {
            logger.warning(
                "versions that newer ones contain are still listed", ["dataset": dataset.description], error: error)
        }
    }

    /// Lets nothing more be added to what is open now.
    private func closed(
        _ dataset: DatasetName
    ) async throws -> (journals: [JournalTable.Journal], parts: [JournalTable.Part]) {
        try await appends.within(dataset) {
            let (journals, parts) = try await store.write { connection in
                let table = JournalTable(connection: connection)
                try table.close(dataset)
                return (try table.journals(of: dataset), try table.parts(of: dataset))
            }
            // What an append that failed left behind is cut off.
            let lost = try await journaling.run { [files = self.journals] in
                try journals.filter { try files.trim($0.id, to: $0.bytes) < $0.bytes }
            }
            if let lost = lost.first {
                throw DataSyncError(
                    .corruptShard,
                    "records that were appended to \(dataset) are gone from \(self.journals.path(lost.id)); check the disk, and "
                        + "start the daemon again to keep what is left of them")
            }
            return (journals, parts)
        }
    }

    /// The files of the version to be, and what is known of each.
    private func material(
        of dataset: DatasetName, _ base: DatasetVersion?, _ journals: [JournalTable.Journal],
        _ parts: [JournalTable.Part]
    ) async throws -> (entries: [DirectoryWalk.Entry], known: [[Leaf]?]) {
        let reader = DatasetReader(store: shards, limits: configuration.limits)
        var files: [String: (entry: DirectoryWalk.Entry, leaves: [Leaf]?)] = [:]
        func take(_ digest: Digest, _ what: String, unless isTaken: (String, [Leaf]) -> String?) async throws {
            let manifest = try await known(digest)
            guard let found = try await reader.files(of: manifest), found.count == manifest.files.count else {
                throw DataSyncError(
                    .corruptShard,
                    "\(what) is not whole here; 'gedge data verify' says what is damaged; fetch or put it again, or remove it"
                )
            }
            for (file, leaves) in found {
                guard let path = isTaken(file.path, leaves) else { continue }
                files[path] = (
                    DirectoryWalk.Entry(path: path, size: file.size, mode: file.mode, modified: file.modified), leaves
                )
            }
        }
        if let base {
            let manifest = try await known(base.manifest)
            guard manifest.tensors.isEmpty else {
                throw DataSyncError(
                    .conflict,
                    "\(base.reference) consists of tensors, to which nothing can be appended; use another name")
            }
            try await take(base.manifest, base.reference.description) { path, _ in path }
        }
        for part in parts {
            try await take(part.manifest, "what was appended to \(dataset)") { path, leaves in
                // A version that was put meanwhile may have the name for something else: both are kept.
                guard let held = files[path], held.leaves != leaves else { return path }
                return "\(path).\(part.id)"
            }
        }
        var number = RecordFile.next(after: files.keys)
        for journal in journals where journal.bytes > 0 {
            let path = RecordFile.path(number, journal.format)
            files[path] = (
                DirectoryWalk.Entry(
                    path: path, size: journal.bytes, mode: 0o644, modified: Int(journal.created.milliseconds),
                    source: self.journals.path(journal.id)), nil
            )
            number += 1
        }
        let sorted = files.values.sorted { FilePath.precedes($0.entry.path, $1.entry.path) }
        return (sorted.map(\.entry), sorted.map(\.leaves))
    }

    /// Commits the version, and that what it was made of is in it.
    /// - Returns: `nil` when a shard has gone since it was stored, or another version was made meanwhile.
    private func commit(
        _ manifest: Manifest, of dataset: DatasetName, _ base: DatasetVersion?, _ journals: [JournalTable.Journal],
        _ parts: [JournalTable.Part]
    ) async throws -> (version: DatasetVersion, unnamed: [Digest])? {
        let digest = manifest.digest
        let signature = try writers?.sign(digest)
        return try await store.write { [self] connection in
            let catalogue = Catalogue(connection: connection)
            let versions = VersionTable(connection: connection)
            guard try catalogue.holdsShards(of: manifest),
                try versions.versions(of: dataset).last?.manifest == base?.manifest
            else { return nil }
            let labels = journals.filter { $0.bytes > 0 }.map(\.label) + parts.map(\.label)
            let artefact = base?.artefact ?? labels.first?.artefact ?? .rawData
            var isAnonymised = labels.allSatisfy(\.isAnonymised)
            if let base { isAnonymised = try isAnonymised && catalogue.tags(of: base.manifest)?.isAnonymised == true }
            let records = (base?.records ?? 0) + journals.reduce(0) { $0 + $1.records }
            var version = base
            if digest != base?.manifest {
                let number = try versions.nextVersion(of: dataset)
                let owner = VersionTable.owner(of: dataset, version: number)
                try enter(manifest, digest: digest, signature: signature, in: catalogue)
                try catalogue.hold(digest, for: owner)
                try catalogue.tag(
                    digest, of: owner,
                    TransferTags(
                        artefact: artefact, dataset: dataset, records: records > 0 ? records : nil,
                        isAnonymised: isAnonymised ? true : nil))
                _ = try catalogue.setComplete(digest, true)
                try versions.insert(
                    dataset, version: number, manifest: digest, entries: manifest.files.count,
                    rawBytes: manifest.rawBytes, artefact: artefact, isPinned: false,
                    records: records > 0 ? records : nil, now: clock.now())
                let reference = DatasetReference(dataset, version: number)
                try versions.setSealed(reference, after: base)
                version = try versions.version(reference)
            }
            let table = JournalTable(connection: connection)
            for journal in journals { try table.remove(journal: journal.id) }
            var unnamed: [Digest] = []
            for part in parts {
                try table.remove(part: part.id)
                unnamed += try catalogue.release(prefix: JournalTable.owner(of: dataset, part: part.id)).shards
            }
            guard let version else { return nil }
            return (version, unnamed)
        }
    }

    // MARK: By themselves

    /// Something was appended: whoever watches is told, and it is sealed if it is enough.
    func noteAppend(to dataset: DatasetName, _ open: OpenData) async throws {
        catalogueChanges.raise()
        if try await isDue(dataset, open) { due.raise() }
    }

    private func isDue(_ dataset: DatasetName, _ open: OpenData) async throws -> Bool {
        let artefact = try await store.read { try JournalTable(connection: $0).labels(of: dataset).first?.artefact }
        let threshold = policy.threshold(of: TransferTags(artefact: artefact ?? .rawData, dataset: dataset))
        let rule = SealRule(bytes: configuration.sealBytes, age: configuration.sealAge, threshold: threshold)
        return rule.isDue(open, now: clock.now())
    }

    /// Seals what is enough or old enough, until cancelled.
    func keepSealing() async throws {
        var number = due.number
        while true {
            let open = try await store.read { try JournalTable(connection: $0).openData() }
            for (dataset, data) in open.sorted(by: { $0.key < $1.key }) where try await isDue(dataset, data) {
                do { _ = try await seal(dataset) } catch let error as CancellationError { throw error } catch {
                    logger.warning(
                        "what was appended is no version yet; it is tried again", ["dataset": dataset.description],
                        error: error)
                }
            }
            let pause = max(.milliseconds(50), min(configuration.sealAge / 4, .seconds(30)))
            _ = try await due.wait(past: number, atMost: pause)
            number = due.number
        }
    }

    /// Brings journals and what is known of them together after a restart: what was not acknowledged is cut off.
    func recoverJournals() async throws {
        try await journaling.run { [journals] in try journals.prepare() }
        let known = try await store.read { try JournalTable(connection: $0).journals() }
        let lost = try await journaling.run { [journals] in
            let ids = Set(known.map(\.id))
            for id in try journals.ids() where !ids.contains(id) { journals.discard(id) }
            return try known.compactMap { journal in
                let bytes = try journals.trim(journal.id, to: journal.bytes)
                return bytes < journal.bytes ? (journal, bytes) : nil
            }
        }
        for (journal, bytes) in lost {
            logger.error(
                "records that were appended are gone from the disk; what is left of them is kept",
                ["dataset": journal.dataset.description, "lost": "\(journal.bytes - bytes)", "left": "\(bytes)"])
            try await store.write { try JournalTable(connection: $0).shorten(journal, to: bytes) }
        }
    }
}
