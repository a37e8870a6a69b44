/// What is due next, among many deadlines of which most are cancelled before they are due: a binary heap that forgets
/// cancelled ones lazily.
struct DeadlineQueue<Token> {
    private struct Entry {
        let due: ContinuousClock.Instant
        let token: Token
    }

    private var heap: [Entry] = []
    private var cancelled = 0

    /// When the earliest deadline, perhaps a cancelled one, is due.
    var next: ContinuousClock.Instant? { heap.first?.due }
    var count: Int { heap.count }

    mutating func insert(_ token: Token, due: ContinuousClock.Instant) {
        heap.append(Entry(due: due, token: token))
        var child = heap.count - 1
        while child > 0 {
            let parent = (child - 1) / 2
            guard heap[child].due < heap[parent].due else { break }
            heap.swapAt(child, parent)
            child = parent
        }
    }

    /// Tells that some entry no longer matters. Once most do not, those for which `isLive` is false are removed.
    mutating func noteCancelled(isLive: (Token) -> Bool) {
        cancelled += 1
        guard cancelled > 256, cancelled * 2 > heap.count else { return }
        let live = heap.filter { isLive($0.token) }
        heap = []
        heap.reserveCapacity(live.count)
        cancelled = 0
        for entry in live { insert(entry.token, due: entry.due) }
    }

    /// Removes and returns the earliest token that is due at `now`; it may have been cancelled.
    mutating func popDue(_ now: ContinuousClock.Instant) -> Token? {
        guard let first = heap.first, first.due <= now else { return nil }
        let last = heap.removeLast()
        if !heap.isEmpty {
            heap[0] = last
            sink()
        }
        return first.token
    }

    private mutating func sink() {
        var parent = 0
        while true {
            var least = parent
            for child in [2 * parent + 1, 2 * parent + 2] where child < heap.count && heap[child].due < heap[least].due
            {
                least = child
            }
            guard least != parent else { return }
            heap.swapAt(parent, least)
            parent = least
        }
    }
}
