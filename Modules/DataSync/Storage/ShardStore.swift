public import Contracts
import Core
public import Store

/// Shards as lists of leaves, and leaves as records in append-only segment files, each stored once however many shards name
/// it, compressed where that pays.
///
/// A shard that `put` or `accept` returned from is durable and was verified; what is read is checked against its name
/// again. A shard stays until `removeUnnamed` finds that no manifest names it. A database has one store, and a
/// directory too. Blocking work runs on threads of the store's own; memory is what its callers hand it, and a buffer
/// for each shard that is read.
public final class ShardStore: Sendable {
    public let directory: String
    public let configuration: ShardStoreConfiguration
    let database: Database
    let files: SegmentFiles
    let workers: WorkerPool
    let trusted: TrustedLeaves
    let lane: CommitLane
    let appender: SegmentAppender
    let appending = ThreadExecutor(name: "datasync-append")
    /// One at a time: what is freed is looked up and then freed.
    let reclaiming = Turnstile(places: 1)

    /// Opens the store in `directory`, which belongs to this store alone, and removes what a crash left unfinished.
    /// - Parameter database: opened with `DataSyncService.migrations`.
    /// - Throws: `StoreError` when the directory cannot be used, or `DataSyncError` `old-layout` for one that holds shards
    ///   as an earlier version stored them.
    public init(
        directory: String, database: Database, configuration: ShardStoreConfiguration = ShardStoreConfiguration()
    ) async throws {
        self.directory = directory
        self.database = database
        self.configuration = configuration
        files = SegmentFiles(directory: "\(directory)/segments")
        workers = WorkerPool(name: "datasync", threads: configuration.workers)
        trusted = TrustedLeaves(lifetime: configuration.trust)
        let recovery = StoreRecovery(directory: directory, database: database, files: files)
        let found = try await recovery.run(on: appending)
        lane = CommitLane(database: database, files: files, unsealed: found.unsealed)
        let goesOn = found.offset.map { $0 < configuration.segmentBytes } ?? false
        appender = SegmentAppender(
            files: files, segmentBytes: configuration.segmentBytes,
            segment: goesOn || found.offset == nil ? found.segment : found.segment + 1,
            offset: goesOn ? found.offset : nil)
        _ = try await reclaim()
    }

    /// What the store holds.
    public struct Usage: Sendable, Hashable {
        public var segments = 0
        public var shards = 0
        public var leaves = 0
        /// Bytes of leaves as stored, with their headers.
        public var liveBytes = 0
        /// Bytes of leaves when raw, each counted once.
        public var rawBytes = 0
        /// Bytes that nothing refers to and that are not freed yet.
        public var garbageBytes = 0
    }

    /// Counts what is here; reads the index.
    public func usage() async throws -> Usage {
        var usage = try await database.read { connection in
            var usage = Usage()
            try connection.forEach(
                "SELECT count(*), coalesce(sum(stored), 0), coalesce(sum(raw), 0) FROM datasync_leaves"
            ) { row in
                usage.leaves = try row.int(0)
                usage.liveBytes = try row.int(1) + usage.leaves * LeafRecord.headerBytes
                usage.rawBytes = try row.int(2)
            }
            usage.shards = try connection.first("SELECT count(*) FROM datasync_shards") { try $0.int(0) } ?? 0
            usage.garbageBytes =
                try connection.first("SELECT coalesce(sum(length), 0) FROM datasync_garbage") { try $0.int(0) } ?? 0
            return usage
        }
        usage.segments = try await appending.run { [files] in try files.ids().count }
        return usage
    }

    /// The leaves of a shard, or `nil` when it is not here.
    public func list(_ shard: Digest) async throws -> LeafList? { try await lists([shard])[shard] }

    /// The leaves of those of `shards` that are here.
    public func lists(_ shards: [Digest]) async throws -> [Digest: LeafList] {
        try await database.read { connection in
            var lists: [Digest: LeafList] = [:]
            for shard in shards { lists[shard] = try ShardIndex(connection: connection).list(LeafKey(shard)) }
            return lists
        }
    }

    /// Those of `shards` that are not here. Their bytes are not looked at.
    public func missing(_ shards: [Digest]) async throws -> Set<Digest> {
        try await database.read { connection in
            let index = ShardIndex(connection: connection)
            return Set(try shards.filter { try index.size(LeafKey($0)) == nil })
        }
    }

    /// Whether a leaf is here, in whatever shard.
    public func holds(_ leaf: LeafKey) async throws -> Bool { try await !held([leaf]).isEmpty }

    /// Those of `leaves` that are here.
    public func held(_ leaves: [LeafKey]) async throws -> Set<LeafKey> {
        try await database.read { connection in
            let index = ShardIndex(connection: connection)
            return Set(try leaves.filter { try index.leaf($0) != nil })
        }
    }

    /// Bytes that the leaves of these lists take as stored, each leaf counted once; those that are not here count nothing.
    public func storedBytes(of lists: [LeafList]) async throws -> Int {
        try await database.read { connection in
            let index = ShardIndex(connection: connection)
            let keys = Set(lists.lazy.flatMap(\.leaves).map(\.key))
            return try keys.reduce(0) { $0 + (try index.leaf($1)?.record.stored ?? 0) }
        }
    }

    /// The names of all shards.
    public func digests() async throws -> [Digest] {
        try await database.read { connection in
            try connection.query("SELECT digest FROM datasync_shards") { row in
                try row.withBlob(0) { LeafKey(bytes: $0).digest }
            }
        }
    }
}
