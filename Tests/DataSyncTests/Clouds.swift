import Contracts
import Core
import MessageBus
import Store
import Telemetry
import TestKit

@testable import DataSync

/// One cloud of a test: a bus, a database and a `DataSyncService` on a directory that outlives it.
struct Cloud: Sendable {
    let bus: Bus
    let database: Database
    let service: DataSyncService

    static func open(
        _ identity: PeerID, directory: String, context: BusContext, registers: Bool = true,
        policy: any TransferPolicy = OpenTransferPolicy(), part: DataSyncService.Part = .alone,
        signingKey: SigningKey? = nil, clock: any WallClock = SystemWallClock(),
        configure: (inout DataSyncConfiguration) -> Void = { _ in }
    ) async throws -> Cloud {
        var busConfiguration = BusConfiguration(identity: identity)
        busConfiguration.reconnect = RetryPolicy(base: .milliseconds(5), maximum: .milliseconds(50), attempts: nil)
        let bus = Bus(configuration: busConfiguration, context: context)
        try StateDirectory.makePrivate(directory, parents: true)
        let database = try await Database.open(
            path: "\(directory)/state.db", migrations: [DataSyncService.migrations], logger: .disabled)
        var configuration = DataSyncConfiguration()
        configuration.shardBytes = 1 << 10
        configuration.batchBytes = 4 << 10
        configuration.alongBytes = 0  // What these tests move is small, and to be pulled.
        configuration.retry = RetryPolicy(base: .milliseconds(1), maximum: .milliseconds(20), attempts: 4)
        configure(&configuration)
        let service = try await DataSyncService(
            bus: bus, store: database, directory: "\(directory)/shards", configuration: configuration, policy: policy,
            part: part, signingKey: signingKey, clock: clock)
        if registers { service.register() }
        return Cloud(bus: bus, database: database, service: service)
    }

    var shards: ShardStore { service.shards }

    /// Publishes tensors of these floats through the bus, as a module of the same process does.
    func publish(
        _ tensors: [[UInt8]], as reference: String, tags: TransferTags? = nil
    ) async throws -> ManifestSummary {
        let specs = tensors.enumerated().map { TensorSpec(name: "tensor\($0)", shape: [$1.count / 4]) }
        return try await bus.call(
            DataSyncContract.publish, PublishRequest(reference: reference, tensors: specs, tags: tags),
            attachments: tensors.map { Attachment($0) }, timeout: .seconds(60)
        ).body
    }

    func fetch(
        _ manifest: Digest, from source: PeerID = .core, as reference: String, maximumBytes: Int = 1 << 30,
        tags: TransferTags? = nil
    ) async throws -> FetchReply {
        try await bus.call(
            DataSyncContract.fetch,
            FetchRequest(
                manifest: manifest, source: source, reference: reference, maximumBytes: maximumBytes, tags: tags),
            timeout: .seconds(120)
        ).body
    }

    /// Drops references and waits until `run` has removed what nothing refers to.
    func release(_ prefix: String) async throws {
        _ = try await bus.call(DataSyncContract.release, ReleaseRequest(prefix: prefix), timeout: .seconds(60))
        while service.metrics.waitingRemovals.value > 0 { try await Task.sleep(for: .milliseconds(1)) }
    }

    /// What a person sees of the transfers here.
    func status() async throws -> SyncStatus {
        try await bus.call(DataSyncContract.status, SyncStatusQuery()).body
    }

    /// What a person does to them.
    /// - Returns: how many it is about.
    @discardableResult
    func control(
        _ action: SyncAction, transfer: String? = nil, peer: PeerID? = nil, bytesPerSecond: Int? = nil
    ) async throws -> Int {
        let order = SyncControl(action: action, transfer: transfer, peer: peer, bytesPerSecond: bytesPerSecond)
        return try await bus.call(DataSyncContract.control, order).body.affected
    }

    /// Every tensor of a manifest, read shard by shard.
    func tensors(of manifest: Manifest) async throws -> [[UInt8]] {
        var tensors = [[UInt8]](repeating: [], count: manifest.tensors.count)
        for shard in manifest.shards {
            let reply = try await bus.call(
                DataSyncContract.shard, ShardRequest(digest: shard.digest), timeout: .seconds(60))
            guard reply.attachments.count == 1, reply.attachments[0].count == shard.size, reply.body.size == shard.size
            else { throw DataSyncError(.corruptShard, "a shard of another size") }
            tensors[shard.entry] += reply.attachments[0].array
        }
        return tensors
    }

    /// Every shard that a manifest here names.
    func namedShards() async throws -> Set<Digest> {
        let names = try await database.read {
            try $0.query("SELECT DISTINCT shard FROM datasync_names") { try $0.blob(0) }
        }
        return Set(names.map { Digest(hash: $0) })
    }

    func state(of manifest: Digest) async throws -> TransferState? {
        try await database.read { try Catalogue(connection: $0).transferState(manifest) }
    }
}

/// Runs clouds (their buses and services) while `body` runs, then stops them.
func running<Result>(_ clouds: Cloud..., body: () async throws -> Result) async throws -> Result {
    try await withThrowingTaskGroup(of: Void.self) { group in
        for cloud in clouds {
            group.addTask { try await cloud.bus.run() }
            group.addTask { try await cloud.service.run() }
        }
        defer { group.cancelAll() }
        return try await body()
    }
}

/// A core and an edge that are connected and have a directory each.
struct Pair {
    let directory: TemporaryDirectory
    let context = BusContext()

    init() throws { directory = try TemporaryDirectory("datasync") }

    /// Clouds that were, on their directories.
    init(_ directory: TemporaryDirectory) throws { self.directory = directory }

    func core(
        registers: Bool = true, policy: any TransferPolicy = OpenTransferPolicy(), signingKey: SigningKey? = nil,
        _ configure: (inout DataSyncConfiguration) -> Void = { _ in }
    ) async throws -> Cloud {
        let core = try await Cloud.open(
            .core, directory: directory.file("core"), context: context, registers: registers, policy: policy,
            signingKey: signingKey, configure: configure)
        try core.bus.listen(BusAddress("inproc://core"), security: .none)
        return core
    }

    func edge(
        at path: String? = nil, policy: any TransferPolicy = OpenTransferPolicy(), signingKey: SigningKey? = nil,
        clock: any WallClock = SystemWallClock(),
        _ configure: (inout DataSyncConfiguration) -> Void = { _ in }
    ) async throws -> Cloud {
        let edge = try await Cloud.open(
            PeerID("edge-a"), directory: path ?? directory.file("edge"), context: context, policy: policy,
            signingKey: signingKey, clock: clock, configure: configure)
        try edge.bus.connect(BusAddress("inproc://core"), security: .none)
        return edge
    }

    /// Runs both, connected.
    func running<Result>(_ core: Cloud, _ edge: Cloud, body: () async throws -> Result) async throws -> Result {
        try await DataSyncTests.running(core, edge) {
            try await edge.bus.ready(.core, timeout: .seconds(60))
            return try await body()
        }
    }
}
