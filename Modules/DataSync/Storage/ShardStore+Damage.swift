import Contracts
import Store

extension ShardStore {
    /// Puts a damaged leaf aside and forgets every shard that has it, so that they count as missing and are fetched again;
    /// manifests that name them are not complete any more.
    /// - Returns: the error that tells.
    func damaged(_ row: LeafRow, in shard: Digest?, _ detail: String) async throws -> DataSyncError {
        trusted.remove(row.position)
        let aside = try await workers.run { try self.quarantine(row) }
        let forgotten = try await database.write { connection -> [LeafKey] in
            let index = ShardIndex(connection: connection)
            // Somebody else may have found it damaged too and was faster.
            guard try index.leaf(row.record.leaf.key) == row else { return [] }
            let shards = try index.shards(naming: row.record.leaf.key)
            for shard in shards {
                try index.drop(shard)
                try Catalogue(connection: connection).setIncomplete(naming: shard)
            }
            return shards
        }
        let name = shard.map { "shard \($0)" } ?? "a shard (\(forgotten.count) have the same bytes)"
        return DataSyncError(
            .corruptShard,
            "\(name) is damaged on disk (leaf \(row.record.leaf.key): \(detail)); the leaf was put aside as \(aside). Fetch "
                + "the manifest again, and check the disk")
    }

    /// Copies a damaged record for whoever looks into the cause, and keeps the last few.
    /// - Returns: where it lies.
    private func quarantine(_ row: LeafRow) throws -> String {
        let folder = "\(directory)/quarantine"
        let name = row.record.leaf.key.digest.hex
        let buffer = ShardBuffer(capacity: row.record.length)
        var count = 0
        do {
            count = try files.file(row.position.segment).file.read(into: [buffer.memory], at: row.position.offset)
        } catch let error as StoreError where error.kind == .io {
            // The disk does not even give the bytes; an empty file says so.
            count = 0
        }
        do {
            try DurableFile.write(Array(buffer.bytes(0..<count)), to: "\(folder)/\(name)")
            let others = try DirectoryListing.names(in: folder).filter { $0 != name }
            for other in others.dropFirst(max(0, configuration.quarantined - 1)) {
                DurableFile.discard("\(folder)/\(other)")
            }
        } catch let error as StoreError where error.kind == .full {
            return "nothing, for want of space"
        }
        return "\(folder)/\(name)"
    }
}
