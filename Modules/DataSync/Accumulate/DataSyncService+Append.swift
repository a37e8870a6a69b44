public import Contracts
import Core
import MessageBus
import Store
import Telemetry

extension DataSyncService {
    /// A journal with so many bytes is closed and the next one begun.
    private static let maximumJournalBytes = 256 << 20

    /// Registers the calls that add to data sets.
    func registerAppends() {
        bus.handle(DataSyncContract.append) { [self] request in
            guard request.attachments.count <= 1 else {
                throw DataSyncError(.invalidRequest, "an append has one attachment, or none to ask how far it is")
            }
            return try await append(request.attachments.first.map { ShardBytes($0) }, request.body)
        }
        bus.handleStream(DataSyncContract.appendFiles) { [self] request, writer in
            try await append(files: request.body) { progress in try await writer.send(progress) }
        }
        bus.handle(DataSyncContract.seal) { [self] request -> SealReply in
            let dataset = request.body.dataset
            guard let edge = request.body.edge else { return try await seal(dataset) }
            return try await bus.call(
                DataSyncContract.seal, SealRequest(dataset: dataset), to: .peer(PeerID(edge)), timeout: .seconds(600),
                trace: request.trace
            ).body
        }
    }

    // MARK: Records

    /// Adds whole records behind those of before: durable when this returns, and there once however often they are sent, if
    /// `request` names their producer and where they begin.
    /// - Parameter bytes: at most `RecordFormat.maximumBytes`; `nil` only to ask how far the producer is.
    /// - Throws: `DataSyncError` `invalid-request`, `conflict` (a gap in the producer's stream, or data that the data set does
    ///   not hold); `StoreError` `full` (retriable) or `io`. Nothing of them is there then.
    public func append(_ bytes: ShardBytes?, _ request: AppendRequest) async throws -> AppendReply {
        try Self.check(request, bytes)
        let dataset = request.dataset
        return try await appends.within(dataset) {
            let (known, newest) = try await store.read { connection in
                let known = try request.producer.map {
                    try JournalTable(connection: connection).position(of: $0, in: dataset)
                }
                return (known ?? 0, try VersionTable(connection: connection).versions(of: dataset).last)
            }
            guard let bytes, bytes.count > 0 else { return try await reply(known, accepted: 0, dataset) }
            let plan = try bytes.withUnsafeBytes {
                try AppendPlan(
                    $0, at: request.offset, known: known, format: request.format, producer: request.producer)
            }
            guard !plan.range.isEmpty else { return try await reply(known, accepted: 0, dataset) }
            let new = bytes.slice(plan.range)
            let label = try await label(request.artefact, request.isAnonymised, of: dataset, newest)
            try await makingRoom { try await keep(new, plan, label, request) }
            metrics.appendedBytes.increment(by: new.count)
            let position = request.producer == nil ? bytes.count : plan.position
            return try await reply(position, accepted: new.count, dataset)
        }
    }

    /// Writes what is new, then commits that it counts.
    private func keep(
        _ bytes: ShardBytes, _ plan: AppendPlan, _ label: JournalTable.Label, _ request: AppendRequest
    ) async throws {
        let dataset = request.dataset
        let journal = try await store.write { [clock] connection in
            let table = JournalTable(connection: connection)
            if let journal = try table.open(of: dataset), journal.format == request.format, journal.label == label,
                journal.bytes + bytes.count <= Self.maximumJournalBytes
            {
                return journal
            }
            try table.close(dataset)
            return try table.create(dataset, request.format, label, now: clock.now())
        }
        try await journaling.run { [journals] in
            try bytes.withUnsafeBytes { try journals.append($0, to: journal.id, at: journal.bytes) }
        }
        try await store.write { [clock] connection in
            let table = JournalTable(connection: connection)
            try table.extend(journal, bytes: bytes.count, records: plan.records, now: clock.now())
            if let producer = request.producer {
                try table.setPosition(plan.position, of: producer, in: dataset, now: clock.now())
            }
        }
    }

    private func reply(_ position: Int, accepted: Int, _ dataset: DatasetName) async throws -> AppendReply {
        let open = try await open(dataset)
        try await noteAppend(to: dataset, open)
        return AppendReply(position: position, acceptedBytes: accepted, open: open)
    }

    /// What the data set has that is in no version.
    func open(_ dataset: DatasetName) async throws -> OpenData {
        let open = try await store.read { try JournalTable(connection: $0).openData(of: dataset)[dataset] }
        let now = clock.now()
        return open ?? OpenData(bytes: 0, records: 0, files: 0, first: now, last: now)
    }

    private static func check(_ request: AppendRequest, _ bytes: ShardBytes?) throws(DataSyncError) {
        if let producer = request.producer, !(1...128).contains(producer.utf8.count) {
            throw DataSyncError(
                .invalidRequest, "a producer's name has 1 to 128 bytes; this one has \(producer.utf8.count)")
        }
        if request.offset != nil, request.producer == nil {
            throw DataSyncError(.invalidRequest, "an offset is a producer's; name the producer too")
        }
        if let bytes, bytes.count > RecordFormat.maximumBytes {
            throw DataSyncError(
                .tooLarge, "\(bytes.count) bytes in one append; send at most \(RecordFormat.maximumBytes) at a time")
        }
    }

    /// What is appended, as far as the data set lets it.
    /// - Throws: `conflict` when the data set holds another artefact.
    private func label(
        _ artefact: Artefact?, _ isAnonymised: Bool?, of dataset: DatasetName, _ newest: DatasetVersion?
    ) async throws -> JournalTable.Label {
        let open = try await store.read { try JournalTable(connection: $0).labels(of: dataset) }
        let held = open.first?.artefact ?? newest?.artefact
        let label = JournalTable.Label(artefact: artefact ?? held ?? .rawData, isAnonymised: isAnonymised ?? false)
        if let held, held != label.artefact {
            throw DataSyncError(
                .conflict,
                "\(dataset) holds \(held.rawValue), and this is \(label.artefact.rawValue); append it to another data set"
            )
        }
        return label
    }

    // MARK: Files

    /// Adds a file, or all files below a directory, to what a data set has: durable when this returns.
    ///
    /// A file that is in the data set already under its name, with the same content, is there once.
    /// - Throws: as `DatasetReader.read`; `conflict` for a file that the data set has with other content.
    public func append(
        files request: AppendFilesRequest,
        progress: @escaping @Sendable (AppendFilesProgress) async throws -> Void = { _ in }
    ) async throws {
        guard request.path.hasPrefix("/"), !request.path.utf8.contains(0) else {
            throw DataSyncError(.invalidRequest, "'\(request.path.prefix(200))' is not an absolute path")
        }
        let dataset = request.dataset
        let reader = DatasetReader(store: shards, limits: configuration.limits)
        // Not under the data set's door: reading may take long, and records are to be added meanwhile.
        for _ in 0..<4 {
            let entries = try await shards.workers.run { [limits = configuration.limits] in
                var walk = DirectoryWalk(limits: limits)
                try walk.walk(request.path)
                return (walk.entries, !walk.isOneFile)
            }
            let named = try Self.named(entries.0, isDirectory: entries.1, request, configuration.limits)
            let total = named.reduce(0) { $0 + $1.size }
            try await progress(AppendFilesProgress(rawBytes: 0, totalBytes: total, files: named.count))
            let read = try await makingRoom {
                try await reader.read(
                    FileCutter(
                        root: request.path, isDirectory: true, entries: named, known: named.map { _ in nil }), [],
                    { _ in })
            }
            let committed = try await appends.within(dataset) { try await keep(read.manifest, request, reader) }
            guard let known = committed else { continue }
            let open = try await open(dataset)
            try await noteAppend(to: dataset, open)
            metrics.appendedBytes.increment(by: total)
            return try await progress(
                AppendFilesProgress(
                    rawBytes: total, totalBytes: total, files: named.count, knownFiles: known, open: open))
        }
        throw DataSyncError(
            .missing, "shards of '\(dataset)' were removed as fast as they were written; try again", isRetriable: true)
    }

    /// The files as they are to be called in the data set.
    private static func named(
        _ entries: [DirectoryWalk.Entry], isDirectory: Bool, _ request: AppendFilesRequest, _ limits: ManifestLimits
    ) throws -> [DirectoryWalk.Entry] {
        let named = entries.map { entry in
            var path = entry.path
            if let target = request.target { path = isDirectory ? "\(target)/\(entry.path)" : target }
            return DirectoryWalk.Entry(
                path: path, size: entry.size, mode: entry.mode, modified: entry.modified,
                source: isDirectory ? "\(request.path)/\(entry.path)" : request.path)
        }
        for entry in named {
            if let problem = FilePath.problem(entry.path, maximumBytes: limits.pathBytes) {
                throw DataSyncError(.invalidRequest, "file '\(entry.path.prefix(200))': \(problem)")
            }
            guard !entry.path.hasPrefix(RecordFile.directory) else {
                throw DataSyncError(
                    .invalidRequest,
                    "file '\(entry.path.prefix(200))': what lies in '\(RecordFile.directory)' are appended records; name "
                        + "another place with --as")
            }
        }
        guard !named.isEmpty else {
            throw DataSyncError(.invalidRequest, "\(request.path) has no files; nothing is appended")
        }
        return named
    }

    /// Enters files that were read as a part of the data set's open data.
    /// - Returns: how many of them it had already; `nil` when a shard has gone since it was stored.
    private func keep(
        _ manifest: Manifest, _ request: AppendFilesRequest, _ reader: DatasetReader
    ) async throws -> Int? {
        let dataset = request.dataset
        let (newest, parts) = try await store.read { connection in
            (
                try VersionTable(connection: connection).versions(of: dataset).last,
                try JournalTable(connection: connection).parts(of: dataset)
            )
        }
        let label = try await label(request.artefact, request.isAnonymised, of: dataset, newest)
        var held: [String: [Leaf]] = [:]
        for digest in [newest?.manifest].compactMap({ $0 }) + parts.map(\.manifest) {
            for (file, leaves) in try await reader.files(of: known(digest)) ?? [] { held[file.path] = leaves }
        }
        guard let new = try await reader.files(of: manifest) else { return nil }
        var knownFiles = 0
        for (file, leaves) in new {
            guard let before = held[file.path] else { continue }
            guard before == leaves else {
                throw DataSyncError(
                    .conflict,
                    "\(dataset) has a file '\(file.path)' with other content; append this one under another name (--as)"
                )
            }
            knownFiles += 1
        }
        guard knownFiles < new.count else { return knownFiles }
        let digest = manifest.digest
        let signature = try writers?.sign(digest)
        let isKept = try await store.write { [self] connection in
            let catalogue = Catalogue(connection: connection)
            guard try catalogue.holdsShards(of: manifest) else { return false }
            let part = try JournalTable(connection: connection).insert(
                dataset, manifest: digest, files: manifest.files.count, rawBytes: manifest.rawBytes, label,
                now: clock.now())
            let owner = JournalTable.owner(of: dataset, part: part)
            try enter(manifest, digest: digest, signature: signature, in: catalogue)
            try catalogue.hold(digest, for: owner)
            try catalogue.tag(
                digest, of: owner,
                TransferTags(artefact: label.artefact, dataset: dataset, isAnonymised: label.isAnonymised ? true : nil))
            return try catalogue.setComplete(digest, true)
        }
        return isKept ? knownFiles : nil
    }
}
