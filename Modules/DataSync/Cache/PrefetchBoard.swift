import Contracts
import Synchronization

/// What is fetched ahead of time: in order, each once, until somebody wants it now or nobody wants it any more.
final class PrefetchBoard: Sendable {
    /// One of them, and what ends it early.
    struct Order: Sendable {
        let request: PrefetchRequest
        let stopped: AsyncStream<Void>
    }

    private struct Entry {
        let stop: AsyncStream<Void>.Continuation
        /// Whoever wants it now lets go of what it holds.
        var isTakenOver = false
    }

    /// How many wait or go on at most.
    static let capacity = 64

    let orders: AsyncStream<Order>
    private let queue: AsyncStream<Order>.Continuation
    private let entries = Mutex<[Digest: Entry]>([:])

    init() { (orders, queue) = AsyncStream.makeStream() }

    /// - Throws: `DataSyncError` `conflict` (retriable) when there are too many.
    func add(_ request: PrefetchRequest) throws {
        let (stopped, stop) = AsyncStream<Void>.makeStream()
        let isNew = try entries.withLock { entries in
            if entries[request.manifest] != nil { return false }
            guard entries.count < Self.capacity else {
                throw DataSyncError(
                    .conflict, "\(Self.capacity) versions are being fetched ahead of time already; ask again later",
                    isRetriable: true)
            }
            entries[request.manifest] = Entry(stop: stop)
            return true
        }
        if isNew { queue.yield(Order(request: request, stopped: stopped)) }
    }

    /// Nobody wants it any more.
    /// - Returns: whether it was waiting or going on.
    func cancel(_ manifest: Digest) -> Bool {
        let stop = entries.withLock { $0[manifest]?.stop }
        stop?.finish()
        return stop != nil
    }

    /// Somebody wants it now: it stops, and its reference is the caller's to release when that is done.
    /// - Returns: whether it was waiting or going on.
    func takeOver(_ manifest: Digest) -> Bool {
        let stop = entries.withLock { entries -> AsyncStream<Void>.Continuation? in
            guard let entry = entries[manifest], !entry.isTakenOver else { return nil }
            entries[manifest]?.isTakenOver = true
            return entry.stop
        }
        stop?.finish()
        return stop != nil
    }

    /// It is over.
    /// - Returns: whether its reference is for the caller to release.
    func end(_ manifest: Digest) -> Bool {
        entries.withLock { $0.removeValue(forKey: manifest)?.isTakenOver == false }
    }
}
