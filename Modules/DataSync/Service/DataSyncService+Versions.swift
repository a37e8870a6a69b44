import Contracts
import Core
import MessageBus
import Store
import Telemetry

extension DataSyncService {
    /// The most raw bytes of one item of `datasync.read`.
    private static let readBytes = 1 << 20

    /// Registers the calls for people who keep data sets.
    func registerVersions() {
        bus.handle(DataSyncContract.catalogue) { [self] request -> CatalogueReply in
            if let edge = request.body.edge { return try await catalogue(of: edge) }
            return try await catalogue(isEverywhere: request.body.isEverywhere ?? false)
        }
        bus.handle(DataSyncContract.announceCatalogue) { [self] request in
            try await take(request.body, from: request.peer)
        }
        bus.handle(DataSyncContract.versions) { [self] request -> VersionList in
            let dataset = request.body.dataset
            if let edge = request.body.edge {
                return try await bus.call(
                    DataSyncContract.versions, VersionsQuery(dataset: dataset), to: .peer(PeerID(edge))
                ).body
            }
            let versions = try await store.read { try VersionTable(connection: $0).versions(of: dataset) }
            guard !versions.isEmpty else {
                throw DataSyncError(
                    .missing, "there is no \(dataset) here; 'gedge data ls' lists the data sets that there are")
            }
            return VersionList(versions: versions)
        }
        bus.handle(DataSyncContract.removeVersion) { [self] request in try await removeVersions(request.body) }
        bus.handle(DataSyncContract.pin) { [self] request in
            try await store.write { connection in
                let table = VersionTable(connection: connection)
                try table.setPinned(request.body.isPinned, table.version(request.body.reference))
            }
            catalogueChanges.raise()
            return Empty()
        }
        bus.handleStream(DataSyncContract.read) { [self] request, writer in try await read(request.body, writer) }
        bus.handleStream(DataSyncContract.ingest) { [self] request, writer in try await ingest(request.body, writer) }
        bus.handleStream(DataSyncContract.verify) { [self] request, writer in try await verify(request.body, writer) }
    }

    /// Removes one version, or all of a data set, with what nothing else needs of them.
    func removeVersions(_ reference: DatasetReference) async throws -> RemovalReply {
        let removed = try await store.write { connection in
            let table = VersionTable(connection: connection)
            let versions =
                reference.version == nil
                ? try table.versions(of: reference.dataset) : [try table.version(reference)]
            guard !versions.isEmpty else {
                throw DataSyncError(
                    .missing, "there is no \(reference) here; 'gedge data ls' lists the data sets that there are")
            }
            if let pinned = versions.first(where: \.isPinned) {
                throw DataSyncError(
                    .invalidRequest,
                    "\(pinned.reference) is pinned; 'gedge data pin --off \(pinned.reference)' lets it go")
            }
            for version in versions { try table.remove(version) }
            return versions
        }
        for version in removed {
            guard let number = version.reference.version else { continue }
            try await release(prefix: VersionTable.owner(of: reference.dataset, version: number))
        }
        catalogueChanges.raise()
        return RemovalReply(versions: removed.count)
    }

    /// The raw bytes of a manifest's entries, end to end.
    func read(_ request: ReadRequest, _ writer: StreamWriter<ReadItem>) async throws {
        let manifest = try await manifest(request.manifest)
        let total = manifest.rawBytes
        let count = request.count ?? max(0, total - request.offset)
        guard request.offset >= 0, count >= 0, count <= total - request.offset else {
            throw DataSyncError(
                .invalidRequest, "bytes \(request.offset) to \(request.offset + count) of \(total); ask for less")
        }
        let end = request.offset + count
        var position = 0
        for shard in manifest.shards {
            let range = position..<position + shard.size
            position = range.upperBound
            guard range.upperBound > request.offset, range.lowerBound < end else { continue }
            let bytes = try await self.shard(shard.digest)
            var start = max(range.lowerBound, request.offset)
            let stop = min(range.upperBound, end)
            while start < stop {
                let next = min(stop, start + Self.readBytes)
                let slice = bytes.slice(start - range.lowerBound..<next - range.lowerBound)
                try await writer.send(ReadItem(offset: start), attachments: [slice.attachment])
                start = next
            }
        }
    }

    // MARK: Verification

    func verify(_ request: VerifyRequest, _ writer: StreamWriter<VerifyProgress>) async throws {
        if let edge = request.edge {
            let stream = try await bus.stream(
                DataSyncContract.verify, VerifyRequest(reference: request.reference), to: .peer(PeerID(edge)))
            for try await item in stream { try await writer.send(item.body) }
            return
        }
        guard let reference = request.reference else { return try await verifyEverything(writer) }
        let version = try await store.read { try VersionTable(connection: $0).version(reference) }
        let manifest = try await known(version.manifest)
        var damaged: [Digest] = []
        var checked = 0
        for shard in manifest.shards {
            do {
                // Hashed now, whenever that was done last.
                _ = try await noticingDamage { try await shards.stored(shard.digest, check: .always) }
            } catch let error as DataSyncError where error.is(.corruptShard) || error.is(.missing) {
                damaged.append(shard.digest)
            }
            checked += shard.size
            try await writer.send(
                VerifyProgress(
                    checkedBytes: checked, totalBytes: manifest.rawBytes, damaged: damaged, isDone: false))
        }
        try await writer.send(
            VerifyProgress(checkedBytes: checked, totalBytes: manifest.rawBytes, damaged: damaged, isDone: true))
    }

    private func verifyEverything(_ writer: StreamWriter<VerifyProgress>) async throws {
        let total = try await shards.usage().liveBytes
        // The walk does not wait for whoever watches it: a slow one sees fewer steps.
        let (steps, continuation) = AsyncStream.makeStream(
            of: ShardStore.ScrubReport.self, bufferingPolicy: .bufferingNewest(1))
        func progress(_ report: ShardStore.ScrubReport, isDone: Bool) -> VerifyProgress {
            VerifyProgress(
                checkedBytes: report.bytes, totalBytes: max(total, report.bytes),
                damaged: report.damaged.map(\.digest), isDone: isDone)
        }
        try await withThrowingTaskGroup(of: ShardStore.ScrubReport.self) { group in
            group.addTask { [scrubber] in
                defer { continuation.finish() }
                return try await scrubber.walkNow { continuation.yield($0) }
            }
            for await step in steps { try await writer.send(progress(step, isDone: false)) }
            guard let report = try await group.next() else { return }
            try await writer.send(progress(report, isDone: true))
        }
    }
}
