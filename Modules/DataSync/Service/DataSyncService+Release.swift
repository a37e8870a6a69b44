import Contracts
import Store
import Telemetry

extension DataSyncService {
    /// Shards whose files are removed before whoever wants to commit a manifest gets a turn.
    private static let removalBatch = 16

    /// Drops every reference that begins with `prefix` and removes what nobody refers to any more.
    ///
    /// Durable when this returns; a crash in between leaves only files that the next start removes.
    /// - Throws: `DataSyncError` `invalid-request` for an empty prefix, which would drop everything.
    public func release(prefix: String) async throws {
        try checkReference(prefix)
        let (references, unnamed) = try await store.write { try Catalogue(connection: $0).release(prefix: prefix) }
        let removed = try await remove(unnamed)
        logger.debug(
            "references released", ["prefix": prefix, "references": "\(references)", "shards": "\(removed)"])
    }

    /// Removes files that no manifest names and no start has use for.
    func recover() async throws {
        let found = try await workers.run { [shards] in try shards.digests() }
        let unnamed = try await store.write { connection in
            let catalogue = Catalogue(connection: connection)
            try catalogue.forgetWanted()
            return try found.filter { try !catalogue.isNamed($0) }
        }
        let removed = try await remove(unnamed)
        if removed > 0 {
            logger.notice("shards left over from the last run were removed", ["shards": "\(removed)"])
        }
    }

    /// Removes the files of shards, but for those that a manifest has come to name.
    private func remove(_ candidates: [Digest]) async throws -> Int {
        var removed = 0
        var rest = candidates[...]
        while !rest.isEmpty {
            let batch = rest.prefix(Self.removalBatch)
            rest = rest.dropFirst(batch.count)
            removed += try await naming.within {
                let unnamed = try await store.read { connection in
                    try batch.filter { try !Catalogue(connection: connection).isNamed($0) }
                }
                try await workers.run { [shards] in
                    for digest in unnamed { try shards.remove(digest) }
                }
                return unnamed.count
            }
        }
        metrics.removedShards.increment(by: removed)
        return removed
    }
}
