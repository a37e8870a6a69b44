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
    let fetches = KeyedTurnstile<Digest>()
    /// Bytes of shards that are read and not yet sent.
    let sending: ByteBudget
    /// Bytes of shards that may arrive and are not yet written. Apart from `sending`: a fetch waits for its source to send, so
    /// two clouds that fetch from each other must not need the same bytes for both.
    let receiving: ByteBudget
    /// The same for what is urgent, which is small.
    let urgentReceiving: ByteBudget
    /// For shards that are made of a base and a difference, and for their bases.
    let rebuilding: ByteBudget
    /// Decides who is sent to next.
    let desk: ServeDesk
    /// What goes on, and what an operator wants of it.
    let board: TransferBoard
    let arrivals = ArrivalBoard()
    let links = LinkBook()
    let manifests = KnownManifests()
    let policy: any TransferPolicy
    /// Connections to other edges, where there are.
    let exchange: PeerExchange?
    /// Arranges that edges pass on to each other; at the core.
    let relays: RelayCoordinator?
    /// Where records lie that are in no version yet.
    let journals: JournalFiles
    let journaling = ThreadExecutor(name: "datasync-journal")
    /// One append at a time to each data set, and one seal.
    let appends = KeyedTurnstile<DatasetName>()
    let seals = KeyedTurnstile<DatasetName>()
    let ahead = PrefetchBoard()
    /// One task at a time makes room in the cache.
    let evicting = Turnstile(places: 1)
    /// Raised when something may have to be sealed, and when what there is to tell of data sets changed.
    let due = Signal()
    let catalogueChanges = Signal()
    /// Looks for damage at rest.
    let scrubber: Scrubber
    /// Raised when damage was found.
    let damage = Signal()
    /// Signs manifests and verifies signatures; `nil` where nothing is signed.
    public let writers: WriterBook?
    /// Shards that a release left without a name, to be removed by `run`.
    let unnamed = AsyncStream<[Digest]>.makeStream()

    /// Bytes of urgent shards that may arrive and are not yet written, beside `DataSyncConfiguration.maximumReceivingBytes`.
    private static let urgentReceivingBytes = 2 << 20
    /// Bytes of bases and of what differences to them make: enough for a few batches to be at work at once.
    private static let rebuildingBytes = 16 << 20

    /// A cloud's part in clouds passing shards on to each other.
    public enum Part: Sendable {
        /// None: everything comes from the source that a fetch names.
        case alone
        /// It arranges who gets what from whom; `keys` are absent where nothing is encrypted.
        case core(keys: (any EnrolledKeys)?)
        case edge(PeerExchange)
    }

    /// - Parameters:
    ///   - store: a database opened with `migrations`.
    ///   - directory: where the shards lie, such as `shards` in the state directory; this service's alone.
    ///   - policy: says what may move.
    ///   - signingKey: signs what is published here; then only signed manifests are fetched. Without it nothing is signed or
    ///     verified, as where one program is all there is.
    /// - Throws: `StoreError` when the directory cannot be used, `DataSyncError` `old-layout` for one of an earlier version.
    public init(
        bus: Bus, store: Database, directory: String, configuration: DataSyncConfiguration = DataSyncConfiguration(),
        policy: any TransferPolicy = OpenTransferPolicy(), part: Part = .alone,
        signingKey: SigningKey? = nil, logger: Logger = .disabled, metrics: MetricsRegistry = MetricsRegistry(),
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
        desk = ServeDesk(budget: sending)
        board = TransferBoard(clock: clock)
        self.policy = policy
        switch part {
        case .alone: (exchange, relays) = (nil, nil)
        case .core(let keys):
            exchange = nil
            relays = RelayCoordinator(bus: bus, keys: keys, patience: configuration.relayPatience, logger: logger)
        case .edge(let exchange): (self.exchange, relays) = (exchange, nil)
        }
        receiving = ByteBudget(bytes: configuration.maximumReceivingBytes, shares: 2)
        urgentReceiving = ByteBudget(bytes: Self.urgentReceivingBytes, shares: 4)
        rebuilding = ByteBudget(bytes: Self.rebuildingBytes, shares: 1)
        journals = JournalFiles(directory: "\(directory)/journals")
        scrubber = Scrubber(
            shards: shards, store: store, board: board, settings: configuration.scrub, metrics: self.metrics,
            damage: damage, logger: logger, clock: clock)
        let authority: WriterBook.Authority =
            switch part {
            case .alone: .source(keys: nil)
            case .core(let keys): .source(keys: keys)
            case .edge: .core
            }
        writers = signingKey.map {
            WriterBook(key: $0, authority: authority, bus: bus, store: store, logger: logger, clock: clock)
        }
        try await writers?.recover()
        try await restoreOrders()
        try await recoverJournals()
    }

    /// Registers the service's calls on the bus. Before `Bus.run`.
    public func register() {
        bus.handle(DataSyncContract.publish) { [self] request in
            try await publish(request.body, tensors: request.attachments)
        }
        bus.handle(DataSyncContract.fetch) { [self] request in
            try await fetch(request.body, trace: request.trace, deadline: request.deadline)
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
        bus.handle(DataSyncContract.offer) { [self] request in try await offer(request.body, to: request.peer) }
        bus.handle(DataSyncContract.lists) { [self] request in try await lists(request.body, to: request.peer) }
        bus.handle(DataSyncContract.status) { [self] request in try await status(request.body) }
        bus.handle(DataSyncContract.control) { [self] request in try await control(request.body) }
        registerWriters()
        registerVersions()
        registerAppends()
        registerPrefetches()
        registerPulls(on: bus)
        if let relays {
            bus.handle(DataSyncContract.announce) { request in
                try relays.announce(request.body, by: request.peer)
                return Empty()
            }
        }
        if let exchange {
            bus.handle(DataSyncContract.admit) { request in
                try exchange.admit(request.body)
                return Empty()
            }
            registerPulls(on: exchange.bus)
        }
    }

    private func registerPulls(on bus: Bus) {
        let calls: [(StreamCall<PullRequest, PullItem>, TransferPriority)] = [
            (DataSyncContract.pullUrgent, .urgent), (DataSyncContract.pull, .normal),
            (DataSyncContract.pullBulk, .bulk),
        ]
        for (call, priority) in calls {
            bus.handleStream(call) { [self] request, writer in try await send(request, priority, writer) }
        }
    }

    /// Tidies up after the last run, then removes what releases leave behind, until cancelled; requests are served
    /// meanwhile. Run a service once.
    /// - Throws: `StoreError` when the store cannot be read at the start.
    public func run() async throws {
        try await recover()
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { [self] in for await shards in unnamed.stream { await removeReleased(shards) } }
            group.addTask { [self] in try await desk.run() }
            group.addTask { [self] in try await desk.writeOffStalled(after: configuration.stallTimeout) }
            group.addTask { [self] in try await followConnections() }
            group.addTask { [self] in try await keepSealing() }
            if let exchange {
                group.addTask { try await exchange.run() }
                group.addTask { [self] in try await keepTelling() }
                group.addTask { [self] in try await keepPrefetching() }
            }
            group.addTask { [self] in try await scrubber.run() }
            if configuration.mends {
                group.addTask { [self] in try await DamageMender(service: self, logger: logger).run() }
            }
            try await group.waitForAll()
        }
    }

    /// Tells the core where others can reach this cloud, and notices who is gone.
    private func followConnections() async throws {
        for await event in bus.peerEvents() {
            switch event {
            case .connected(.core):
                catalogueChanges.raise()
                writers?.forgetCore()
                guard let exchange else { continue }
                do {
                    _ = try await bus.call(
                        DataSyncContract.announce, RelayAnnouncement(address: exchange.address), to: .peer(.core))
                } catch let error as any ModuleError {
                    // The next connection tells it anew; until then nobody is sent here.
                    logger.info("the core does not know that this edge can pass shards on", error: error)
                }
            case .disconnected(let peer, _): relays?.left(peer)
            case .connected, .refused: continue
            }
        }
    }

    /// A manifest that is here, all of its shards or not.
    func known(_ digest: Digest) async throws -> Manifest {
        if let manifest = manifests[digest] { return manifest }
        guard let entry = try await entry(digest) else {
            throw DataSyncError(.missing, "manifest \(digest) is not here")
        }
        return entry.manifest
    }

    /// A manifest that is here; `nil` when it is not.
    func entry(_ digest: Digest) async throws -> Catalogue.Entry? {
        let known = manifests[digest]
        let entry = try await store.read { try Catalogue(connection: $0).entry(digest, known: known) }
        if let entry { manifests.add(digest, entry.manifest) }
        return entry
    }

    /// What the manifest is, as far as anybody here said.
    func tags(of digest: Digest) async throws -> TransferTags? {
        try await store.read { try Catalogue(connection: $0).tags(of: digest) }
    }

    /// A manifest all of whose shards are here.
    /// - Throws: `DataSyncError` `missing`.
    public func manifest(_ digest: Digest) async throws -> Manifest {
        guard let entry = try await entry(digest), entry.isComplete else {
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
            damage.raise()
            throw error
        }
    }
}
