import Contracts
import Core
import Glibc
import Store
import Telemetry
import TestKit

@testable import DataSync

/// A store and its database in a directory that outlives them.
struct TestStore: Sendable {
    let shards: ShardStore
    let database: Database

    static func open(
        _ directory: String, _ configure: (inout ShardStoreConfiguration) -> Void = { _ in }
    ) async throws -> TestStore {
        try StateDirectory.makePrivate(directory, parents: true)
        let database = try await Database.open(
            path: "\(directory)/state.db", migrations: [DataSyncService.migrations], logger: .disabled)
        var configuration = ShardStoreConfiguration()
        configuration.trust = .zero
        configure(&configuration)
        let shards = try await ShardStore(
            directory: "\(directory)/shards", database: database, configuration: configuration)
        return TestStore(shards: shards, database: database)
    }

    /// Records a manifest of shards that are here, held by `owner`, as the service does.
    func name(_ lists: [LeafList], as owner: String) async throws {
        try await database.write { connection in
            let catalogue = Catalogue(connection: connection)
            var offset = 0
            let specs = lists.map { list in
                defer { offset += list.size }
                return ShardSpec(
                    digest: list.digest, size: list.size, entry: 0, offset: offset, leaves: list.leaves.count)
            }
            let manifest = Manifest(
                files: [FileSpec(path: owner, size: offset, mode: 0o600, modified: 0)], shards: specs)
            guard try catalogue.holdsShards(of: manifest) else { throw DataSyncError(.missing, "a shard is gone") }
            try catalogue.insert(manifest, digest: manifest.digest, now: Timestamp(milliseconds: 0))
            try catalogue.hold(manifest.digest, for: owner)
        }
    }

    /// Drops references and removes what nothing names, as the service does.
    func release(_ prefix: String) async throws {
        let shards = try await database.write { try Catalogue(connection: $0).release(prefix: prefix).shards }
        try await self.shards.removeUnnamed(shards)
    }

    /// Compares the index with itself and with the disk.
    /// - Returns: what is wrong.
    func problems() async throws -> [String] {
        var problems: [String] = []
        let (rows, refs, lists, garbage) = try await database.read { connection in
            let rows = try ShardIndex(connection: connection).leaves(
                from: LeafPosition(0), through: LeafPosition(.max), count: .max)
            let refs = try connection.query("SELECT digest, refs FROM datasync_leaves") {
                (try $0.withBlob(0) { LeafKey(bytes: $0) }, try $0.int(1))
            }
            let lists = try connection.query("SELECT list FROM datasync_shards") {
                try $0.withBlob(0) { LeafList(encoded: $0) }
            }
            let garbage = try connection.query("SELECT position FROM datasync_garbage") { try $0.int64(0) }
            return (rows, refs, lists.compactMap { $0 }, garbage)
        }
        var expected: [LeafKey: Int] = [:]
        for leaf in lists.flatMap(\.leaves) { expected[leaf.key, default: 0] += 1 }
        if expected != Dictionary(uniqueKeysWithValues: refs) { problems.append("references are not counted right") }
        for (left, right) in zip(rows, rows.dropFirst())
        where left.position.segment == right.position.segment && left.end > right.position.offset {
            problems.append("records overlap at \(left.position)")
        }
        if !garbage.isEmpty { problems.append("\(garbage.count) stretches are not freed") }
        for row in rows {
            let buffer = ShardBuffer(capacity: row.record.length)
            _ = try shards.files.file(row.position.segment).file.read(into: [buffer.memory], at: row.position.offset)
            if !buffer.bytes(0..<48).elementsEqual(row.record.header) { problems.append("a header at \(row.position)") }
            do { try ShardStore.verify(buffer.bytes(48..<row.record.length), row) } catch is ShardStore.Mismatch {
                problems.append("bytes at \(row.position)")
            }
        }
        return problems
    }

    /// Bytes of disk that the segments take, how many there are, and bytes of records in them.
    func space() async throws -> (disk: Int, live: Int, segments: Int) {
        var disk = 0
        let ids = try shards.files.ids()
        for id in ids { disk += Int(try shards.files.file(id).file.status().st_blocks) * 512 }
        return (disk, try await shards.usage().liveBytes, ids.count)
    }
}
