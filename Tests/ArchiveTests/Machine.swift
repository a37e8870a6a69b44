import Contracts
import Core
@testable import DataSync
import Store
import Telemetry
import TestKit

/// A machine with an archive: its database and its shards.
struct Machine: Sendable {
    /// Runs for as long as the machine is used.
    let server: ObjectServer
    let directory: TemporaryDirectory
    let database: Database
    let shards: ShardStore
    let archive: ShardArchive
    let log = MemorySink()

    /// - Parameter directory: of a machine that was, whose database was closed.
    init(
        _ server: ObjectServer, at directory: TemporaryDirectory? = nil, prefix: String = "gedge/",
        packBytes: Int = 1 << 20
    ) async throws {
        self.server = server
        self.directory = try directory ?? TemporaryDirectory()
        let directory = self.directory
        database = try await Database.open(
            path: directory.file("core.db"), migrations: [DataSyncService.migrations, ShardArchive.migrations],
            logger: .disabled)
        var storage = ShardStoreConfiguration()
        storage.trust = .zero
        shards = try await ShardStore(
            directory: directory.file("shards"), database: database, configuration: storage)
        var configuration = ShardArchive.Configuration()
        configuration.prefix = prefix
        configuration.packBytes = packBytes
        archive = try ShardArchive(
            objects: try server.store(), database: database, configuration: configuration,
            logger: Logger(label: "archive", sink: log))
    }

    /// Stores one shard, cut into leaves of 64 KiB.
    func add(_ raw: [UInt8]) async throws -> ShardSpec {
        let shard = NewShard(bytes: ShardBytes(raw), leafBytes: 65_536)
        let list = try await shards.put([shard])[0]
        return ShardSpec(digest: list.digest, size: raw.count, entry: 0, offset: 0, leaves: list.leaves.count)
    }

    /// A manifest of one tensor, in shards of `sizes` bytes that are here.
    func manifest(_ sizes: [Int], seed: UInt64) async throws -> Manifest {
        var generator = SeededGenerator(seed: seed)
        var offset = 0
        var specs: [ShardSpec] = []
        for size in sizes {
            var spec = try await add(MemoryShards.bytes(size, &generator))
            spec.offset = offset
            offset += size
            specs.append(spec)
        }
        return Manifest(tensors: [TensorSpec(name: "weights", shape: [offset / 4])], shards: specs)
    }

    /// Those shards of a manifest, or all, fetched from the archive into other shards.
    func fetched(_ manifest: Manifest, _ shards: [Digest]? = nil) async throws -> MemoryShards {
        let other = MemoryShards()
        try await archive.shards(shards ?? manifest.shards.map(\.digest), of: manifest.digest) { arrived in
            _ = try await other.accept(arrived)
        }
        return other
    }
}
