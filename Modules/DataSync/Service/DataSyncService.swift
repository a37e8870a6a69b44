public import Contracts
public import Core
public import MessageBus
public import Store
public import Telemetry

/// Publishes, fetches, serves and releases models as manifests of shards: the answers to `DataSyncContract`.
///
/// `register` it on a bus and `run` it beside the bus. Who may ask for what is part of the contract.
public final class DataSyncService: Sendable {
    /// The module's tables, for `Database.open`.
    public static var migrations: MigrationSet { DataSyncSchema.migrations }

    let bus: Bus
    let store: Database
    let shards: ShardStore
    let configuration: DataSyncConfiguration
    let rules: ManifestRules
    let logger: Logger
    let metrics: DataSyncMetrics
    let clock: any WallClock
    /// One fetch at a time of each manifest.
    let fetches = KeyedTurnstile()
    /// Bytes of shards that are read and not yet sent.
    let sending: ByteBudget
    /// Bytes of shards that may arrive and are not yet written. Apart from `sending`: a fetch waits for its source to send, so
    /// two clouds that fetch from each other must not need the same bytes for both.
    let receiving: ByteBudget
    /// Shards that a release left without a name, to be removed by `run`.
    let unnamed = AsyncStream<[Digest]>.makeStream()

    /// - Parameters:
    ///   - store: a database opened with `migrations`.
    ///   - directory: where the shards lie, such as `shards` in the state directory; this service's alone.
    /// - Throws: `StoreError` when the directory cannot be used, `DataSyncError` `old-layout` for one of an earlier version.
    public init(
        bus: Bus, store: Database, directory: String, configuration: DataSyncConfiguration = DataSyncConfiguration(),
        logger: Logger = .disabled, metrics: MetricsRegistry = MetricsRegistry(),
        clock: any WallClock = SystemWallClock()
    ) async throws {
        precondition(
            (1...configuration.limits.shardBytes).contains(configuration.shardBytes),
            "shards are cut to at least one byte and at most the limit of a shard")
        self.bus = bus
        self.store = store
        self.configuration = configuration
        self.logger = logger
        self.clock = clock
        self.metrics = DataSyncMetrics(metrics)
        rules = ManifestRules(limits: configuration.limits)
        var storage = ShardStoreConfiguration()
        storage.workers = configuration.workers
        storage.trust = configuration.trust
        storage.segmentBytes = configuration.segmentBytes
        shards = try await ShardStore(directory: directory, database: store, configuration: storage)
        sending = ByteBudget(bytes: configuration.maximumSendingBytes, shares: 4)
        receiving = ByteBudget(bytes: configuration.maximumReceivingBytes, shares: 2)
    }

    /// Registers the service's calls on the bus. Before `Bus.run`.
    public func register() {
        bus.handle(DataSyncContract.publish) { [self] request in
            try await publish(request.body, tensors: request.attachments)
        }
        bus.handle(DataSyncContract.fetch) { [self] request in
            try await fetch(request.body, trace: request.trace)
        }
        bus.handle(DataSyncContract.shard) { [self] request in
            let bytes = try await shard(request.body.digest)
            return Outbound(ShardReply(size: bytes.count), attachments: [bytes.attachment])
        }
        bus.handle(DataSyncContract.release) { [self] request in
            try await release(prefix: request.body.prefix)
            return Empty()
        }
        bus.handle(DataSyncContract.references) { [self] request in
            ReferencesReply(references: try await references(prefix: request.body.prefix))
        }
        bus.handle(DataSyncContract.manifest) { [self] request in try await manifest(request.body.digest) }
        bus.handleStream(DataSyncContract.shards) { [self] request, writer in
            try await send(request.body, to: request.peer, writer)
        }
    }

    /// Tidies up after the last run, then removes what releases leave behind, until cancelled; requests are served
    /// meanwhile. Run a service once.
    /// - Throws: `StoreError` when the store cannot be read at the start.
    public func run() async throws {
        try await recover()
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { [self] in for await shards in unnamed.stream { await removeReleased(shards) } }
            group.addTask { [self] in try await sending.writeOffStalled(after: configuration.stallTimeout) }
            try await group.waitForAll()
        }
    }

    /// A manifest all of whose shards are here.
    /// - Throws: `DataSyncError` `missing`.
    public func manifest(_ digest: Digest) async throws -> Manifest {
        guard let entry = try await store.read({ try Catalogue(connection: $0).entry(digest) }), entry.isComplete else {
            throw DataSyncError(.missing, "manifest \(digest) is not here, or not all of its shards are")
        }
        return entry.manifest
    }

    /// The raw bytes of one shard, verified.
    /// - Throws: `DataSyncError` `missing`, or `corrupt-shard` for one that its disk damaged; fetch its manifest again.
    public func shard(_ digest: Digest) async throws -> ShardBytes {
        try await noticingDamage { try await shards.raw(digest) }
    }

    /// Runs `body` and counts damage that it finds.
    func noticingDamage<Result>(_ body: () async throws -> Result) async throws -> Result {
        do { return try await body() } catch let error as DataSyncError where error.is(.corruptShard) {
            metrics.damagedShards.increment()
            throw error
        }
    }
}

extension ShardBytes {
    /// The bytes as an attachment that shares their memory.
    var attachment: Attachment { Attachment(owner: buffer, bytes: buffer.bytes(range)) }
}
