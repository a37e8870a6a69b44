import Contracts
import Store
import Telemetry

extension DataSyncService {
    /// Shards whose files are removed before whoever wants to commit a manifest gets a turn.
    private static let removalBatch = 16

    /// Drops every reference that begins with `prefix`; `run` then removes what nobody refers to any more.
    ///
    /// The references are dropped durably when this returns. Files that a crash keeps from being removed are removed by
    /// the next start.
    /// - Throws: `DataSyncError` `invalid-request` for an empty prefix, which would drop everything.
    public func release(prefix: String) async throws {
        try checkReference(prefix)
        let (references, shards) = try await store.write { try Catalogue(connection: $0).release(prefix: prefix) }
        logger.debug(
            "references released", ["prefix": prefix, "references": "\(references)", "shards": "\(shards.count)"])
        guard !shards.isEmpty else { return }
        metrics.waitingRemovals.increment(by: Double(shards.count))
        unnamed.continuation.yield(shards)
    }

    /// Every reference that is held, also by a fetch that was cut short, and begins with `prefix`.
    public func references(prefix: String) async throws -> [String] {
        try await store.read { try Catalogue(connection: $0).references(prefix: prefix) }
    }

    /// Removes the files of shards that a release left without a name; what fails is left to the next start.
    func removeReleased(_ shards: [Digest]) async {
        do { _ = try await remove(shards) } catch {
            logger.warning("released shards stay until the next start", ["shards": "\(shards.count)"], error: error)
        }
        metrics.waitingRemovals.decrement(by: Double(shards.count))
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
