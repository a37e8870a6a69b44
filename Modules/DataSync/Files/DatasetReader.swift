public import Contracts

/// Reads files of any size and number into a store, as shards and a manifest that lists them.
///
/// Leaves are cut at the start of each file, at the boundaries of tensors in files that hold them (`TensorLayout`), and otherwise
/// by content (`FastChunker`); all files form one stream, so that many small ones share shards. In memory are a few slabs of 4 MiB. While one is read, those before it are hashed, packed and
/// written.
public struct DatasetReader: Sendable {
    /// What was read.
    public struct Result: Sendable {
        public let manifest: Manifest
        /// What lies among the files and is neither a file nor a directory, such as symbolic links.
        public let skipped: [String]
        /// Bytes that were read; those of files that the base knows are not.
        public let readBytes: Int
    }

    /// Slabs that are being stored while the next is read.
    private static let ahead = 2

    let store: ShardStore
    let rules: ManifestRules

    public init(store: ShardStore, limits: ManifestLimits = ManifestLimits()) {
        self.store = store
        rules = ManifestRules(limits: limits)
    }

    /// Reads a file, or all files below a directory. Every shard of the manifest is durable when this returns; the caller
    /// commits the manifest.
    /// - Parameters:
    ///   - base: a manifest of earlier: files that have the size and the time it says are not read again, if the store has
    ///     their shards.
    ///   - progress: called with the bytes read so far.
    /// - Throws: `DataSyncError` `invalid-request` for a file that cannot be listed, or is written to meanwhile (retriable);
    ///   `too-large`; `StoreError` `full` (retriable) or `io`.
    public func read(
        _ path: String, base: Manifest? = nil, progress: @escaping @Sendable (Int) -> Void = { _ in }
    ) async throws -> Result {
        let (entries, skipped, isDirectory) = try await store.workers.run { [limits = rules.limits] in
            var walk = DirectoryWalk(limits: limits)
            try walk.walk(path)
            return (walk.entries, walk.skipped, !walk.isOneFile)
        }
        let known = try await leaves(of: entries, in: base)
        do {
            return try await read(
                FileCutter(root: path, isDirectory: isDirectory, entries: entries, known: known), skipped, progress)
        } catch let error as DataSyncError where error.is(.missing) && base != nil {
            // What the base had was removed meanwhile.
            return try await read(path, base: nil, progress: progress)
        }
    }

    /// Reads what `cutter` has, as `read(_:base:progress:)` does.
    func read(
        _ cutter: FileCutter, _ skipped: [String], _ progress: @escaping @Sendable (Int) -> Void
    ) async throws -> Result {
        var grouper = ShardGrouper<ArrivedShard.Content>()
        var shards: [ShardSpec] = []
        var offset = 0
        var readBytes = 0
        func specified(_ group: [ShardGrouper<ArrivedShard.Content>.Element]) throws -> ArrivedShard {
            guard let list = LeafList(group.map(\.leaf)) else {
                throw DataSyncError(.invalidRequest, "\(group.count) leaves are no shard")
            }
            let digest = list.digest
            shards.append(
                ShardSpec(
                    digest: digest, size: list.size, entry: 0, offset: offset, leaves: list.leaves.count))
            offset += list.size
            guard shards.count <= rules.limits.shards else {
                throw DataSyncError(
                    .tooLarge, "more than \(rules.limits.shards) shards; divide the files into several data sets")
            }
            let words = group.reduce(0) { $0 + ($1.elementBytes == 4 ? $1.leaf.size : 0) }
            return ArrivedShard(
                digest: digest, list: list, contents: group.map(\.content),
                elementBytes: 2 * words > list.size ? 4 : 1)
        }
        try await withThrowingTaskGroup(of: Void.self) { group in
            var running = 0
            var isLast = false
            while !isLast {
                let slab = try await store.workers.run { try cutter.next() }
                let leaves = try await store.inParallelParts(slab.pieces, weight: \.weight) {
                    FileCutter.Piece.hashed($0)
                }
                var ready: [ArrivedShard] = []
                for (piece, (leaf, content)) in zip(slab.pieces, leaves) {
                    ready += try grouper.add(
                        leaf, content, elementBytes: piece.elementBytes, tensors: piece.tensors
                    ).map(specified)
                }
                isLast = slab.isLast
                if isLast, let last = grouper.finish() { ready.append(try specified(last)) }
                readBytes += slab.bytes
                progress(readBytes)
                guard !ready.isEmpty else { continue }
                if running == Self.ahead {
                    try await group.next()
                    running -= 1
                }
                group.addTask { [store, ready] in
                    if let refused = try await store.keep(ready).values.first { throw refused }
                }
                running += 1
            }
            try await group.waitForAll()
        }
        let manifest = Manifest(files: cutter.files, shards: shards)
        _ = try rules.check(manifest, maximumBytes: .max)
        return Result(manifest: manifest, skipped: skipped, readBytes: readBytes)
    }

    /// The leaves of each file that the base has as it is.
    private func leaves(of entries: [DirectoryWalk.Entry], in base: Manifest?) async throws -> [[Leaf]?] {
        guard let base, !base.files.isEmpty, let files = try await files(of: base) else {
            return entries.map { _ in nil }
        }
        let known = Dictionary(files.map { (Array($0.file.path.utf8), $0) }) { $1 }
        return entries.map { entry in
            guard let (file, leaves) = known[Array(entry.path.utf8)], file.size == entry.size,
                file.modified == entry.modified
            else { return nil }
            return leaves
        }
    }

    /// The files of a manifest and what each of them consists of.
    /// - Returns: `nil` when a shard of it is not here; files that were not cut by this program are left out with all that
    ///   follow.
    func files(of manifest: Manifest) async throws -> [(file: FileSpec, leaves: [Leaf])]? {
        let lists = try await store.lists(manifest.shards.map(\.digest))
        let leaves = manifest.shards.flatMap { lists[$0.digest]?.leaves ?? [] }
        // All of them or none: where a file's leaves begin follows from those before.
        guard leaves.reduce(0, { $0 + $1.size }) == manifest.rawBytes else { return nil }
        var next = leaves[...]
        var files: [(FileSpec, [Leaf])] = []
        for file in manifest.files {
            var rest = file.size
            let own = next.prefix { leaf in
                defer { rest -= leaf.size }
                return rest > 0
            }
            next = next.dropFirst(own.count)
            guard own.reduce(0, { $0 + $1.size }) == file.size else { break }
            files.append((file, Array(own)))
        }
        return files
    }
}

extension FileCutter.Piece {
    fileprivate var weight: Int {
        switch content {
        case .new(let bytes, _): bytes.count
        case .known: 0
        }
    }

    fileprivate var elementBytes: Int {
        switch content {
        case .new(_, let elementBytes): elementBytes
        case .known: 1
        }
    }

    fileprivate static func hashed(_ pieces: ArraySlice<Self>) -> [(Leaf, ArrivedShard.Content)] {
        let new = pieces.compactMap { piece -> ShardBytes? in
            if case .new(let bytes, _) = piece.content { bytes } else { nil }
        }
        var keys = withExtendedLifetime(new) { SHA256.keys(of: new.map { $0.buffer.bytes($0.range) }) }[...]
        return pieces.map { piece in
            switch piece.content {
            case .known(let leaf): (leaf, .present)
            case .new(let bytes, _): (Leaf(key: keys.removeFirst(), size: bytes.count), .raw(bytes))
            }
        }
    }
}
