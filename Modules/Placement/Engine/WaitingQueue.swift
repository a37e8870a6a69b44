import Contracts
import Core

/// The jobs that wait for room, in the order in which they get it: by priority, then by when they were submitted.
struct WaitingQueue: Sendable {
    struct Entry: Sendable {
        var request: PlacementRequest
        /// When the job first asked, and last.
        var since: Timestamp
        fileprivate var heard: Timestamp

        func waited(at now: Timestamp) -> Duration { .milliseconds(now.milliseconds - since.milliseconds) }
    }

    private struct Rank: Comparable {
        var priority: Int
        var submitted: Timestamp
        var uid: String

        init(_ request: PlacementRequest) {
            priority = request.priority
            submitted = request.submitted
            uid = request.jobUID
        }

        static func < (left: Rank, right: Rank) -> Bool {
            (-left.priority, left.submitted, left.uid) < (-right.priority, right.submitted, right.uid)
        }
    }

    /// How many of the first are asked what they would take. Those behind wait without being looked at.
    static let window = 8
    /// A job that has not asked for so long has gone.
    static let silence = Duration.seconds(30)

    private var entries: [String: Entry] = [:]
    private var order: [Rank] = []

    var count: Int { entries.count }

    /// Notes that a job asks.
    /// - Returns: for how long it has been.
    @discardableResult
    mutating func ask(_ request: PlacementRequest, now: Timestamp) -> Duration {
        let entry = Entry(request: request, since: entries[request.jobUID]?.since ?? now, heard: now)
        remove(request.jobUID)
        entries[request.jobUID] = entry
        let rank = Rank(request)
        order.insert(rank, at: position(of: rank))
        return entry.waited(at: now)
    }

    mutating func remove(_ uid: String) {
        guard let entry = entries.removeValue(forKey: uid) else { return }
        let index = position(of: Rank(entry.request))
        if index < order.count, order[index].uid == uid { order.remove(at: index) }
    }

    /// Drops those of the first that have not asked for a while.
    mutating func expire(now: Timestamp) {
        for rank in order.prefix(2 * Self.window) {
            guard let entry = entries[rank.uid] else { continue }
            if entry.heard.advanced(by: Self.silence) < now { remove(rank.uid) }
        }
    }

    /// The jobs before the one that asks, first ones first and at most `window`, and how many there are in all.
    func before(_ request: PlacementRequest) -> (first: [Entry], count: Int) {
        let count = position(of: Rank(request))
        return (order.prefix(min(count, Self.window)).compactMap { entries[$0.uid] }, count)
    }

    private func position(of rank: Rank) -> Int {
        var (low, high) = (0, order.count)
        while low < high {
            let middle = (low + high) / 2
            if order[middle] < rank { low = middle + 1 } else { high = middle }
        }
        return low
    }
}
