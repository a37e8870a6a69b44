import Core
import Store
import Synchronization

/// Makes batches durable in the order in which they were written: one sync and one transaction for all that wait.
///
/// Whoever comes first while nobody is at it does the work of all; there is no task of its own.
final class CommitLane: Sendable {
    /// A batch whose records are written but not yet durable.
    final class Pending: Sendable {
        let shards: [ShardBatch.Shard]
        let rows: [LeafRow]
        fileprivate let state = Mutex(State())

        fileprivate struct State {
            var result: Result<[LeafKey], any Error>?
            var waiter: CheckedContinuation<Void, Never>?
        }

        fileprivate init(_ shards: [ShardBatch.Shard], _ rows: [LeafRow]) {
            self.shards = shards
            self.rows = rows
        }
    }

    private struct State {
        var queue: [Pending] = []
        /// Being committed.
        var running: [Pending] = []
        var isLed = false
        /// Segments that have a row and are not sealed, and those that must not be: something in them failed.
        var unsealed: Set<Int> = []
        var tainted: Set<Int> = []
        /// Written, and then not committed.
        var orphans: [LeafRow] = []
    }

    private let database: Database
    private let files: SegmentFiles
    private let thread = ThreadExecutor(name: "datasync-sync")
    private let state = Mutex(State())

    init(database: Database, files: SegmentFiles, unsealed: Set<Int>) {
        self.database = database
        self.files = files
        state.withLock { $0.unsealed = unsealed }
    }

    /// Takes a place in the queue. On the append thread, right after the records were written.
    func enqueue(_ shards: [ShardBatch.Shard], _ rows: [LeafRow]) -> Pending {
        let pending = Pending(shards, rows)
        state.withLock { $0.queue.append(pending) }
        return pending
    }

    /// Segments before this one are not written to any more, nor waiting to be committed.
    func quiet(before segment: Int) -> Int {
        state.withLock { state in
            (state.queue + state.running).flatMap(\.rows).map(\.position.segment).reduce(segment, min)
        }
    }

    /// What was written and is not needed, without a row that says so.
    func takeOrphans() -> [LeafRow] {
        state.withLock { state in
            defer { state.orphans = [] }
            return state.orphans
        }
    }

    /// Returns when the batch is durable.
    /// - Returns: the shards of it that are not, because a leaf that was counted on has gone, or because another shard has
    ///   the name.
    func commit(_ pending: Pending) async throws -> [LeafKey] {
        while true {
            if await leads(pending) {
                await work()
                passOn()
            }
            if let result = pending.state.withLock({ $0.result }) { return try result.get() }
        }
    }

    /// Waits until `pending` is done or nobody leads.
    /// - Returns: whether this caller leads now.
    private func leads(_ pending: Pending) async -> Bool {
        await withCheckedContinuation { (continuation: CheckedContinuation<Void, Never>) in
            let waits = state.withLock { state in
                guard state.isLed else { return false }
                return pending.state.withLock { own in
                    guard own.result == nil else { return false }
                    own.waiter = continuation
                    return true
                }
            }
            if !waits { continuation.resume() }
        }
        return state.withLock { state in
            guard !state.isLed, pending.state.withLock({ $0.result == nil }) else { return false }
            state.isLed = true
            return true
        }
    }

    /// Lets the first that waits lead.
    private func passOn() {
        let next = state.withLock { state -> CheckedContinuation<Void, Never>? in
            state.isLed = false
            for pending in state.queue {
                if let waiter = pending.state.withLock({ $0.waiter.take() }) { return waiter }
            }
            return nil
        }
        next?.resume()
    }

    /// Commits everything in the queue.
    private func work() async {
        let group = state.withLock { state in
            state.running = state.queue
            state.queue = []
            return state.running
        }
        guard !group.isEmpty else { return }
        let results: [Result<[LeafKey], any Error>]
        do { results = try await commit(group).map { .success($0) } } catch {
            fail(group)
            results = group.map { _ in .failure(error) }
        }
        state.withLock { $0.running = [] }
        for (pending, result) in zip(group, results) {
            let waiter = pending.state.withLock { state in
                state.result = result
                return state.waiter.take()
            }
            waiter?.resume()
        }
    }

    private func commit(_ group: [Pending]) async throws -> [[LeafKey]] {
        let segments = Set(group.flatMap(\.rows).map(\.position.segment))
        try await thread.run { [files] in
            for segment in segments { try files.file(segment).file.syncData() }
        }
        let (known, sealed) = state.withLock { state in
            // All that was written to the segments before the last one is committed with this group.
            let sealed = segments.max().map { last in
                state.unsealed.union(segments).filter { $0 < last && !state.tainted.contains($0) }
            }
            return (state.unsealed, sealed ?? [])
        }
        let refused = try await database.write { connection in
            for segment in segments.subtracting(known) {
                try connection.execute(
                    "INSERT INTO datasync_segments (id, is_sealed) VALUES (?, 0) ON CONFLICT DO NOTHING", segment)
            }
            for segment in sealed {
                try connection.execute("UPDATE datasync_segments SET is_sealed = 1 WHERE id = ?", segment)
            }
            return try group.map { try ShardCommit(connection: connection).apply($0.shards, $0.rows) }
        }
        state.withLock { $0.unsealed = $0.unsealed.union(segments).subtracting(sealed) }
        return refused
    }

    private func fail(_ group: [Pending]) { abandon(group.flatMap(\.rows)) }

    /// Takes note of records that were written and that nothing will refer to.
    func abandon(_ rows: [LeafRow]) {
        guard !rows.isEmpty else { return }
        state.withLock { state in
            state.orphans += rows
            state.tainted.formUnion(rows.map(\.position.segment))
        }
    }
}
