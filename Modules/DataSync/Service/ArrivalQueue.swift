import Synchronization

/// What arrived and is not verified and written yet: bounded in bytes, so that a wire that is faster than the disk waits.
///
/// Batches grow by themselves: whatever comes while one batch is written makes up the next.
final class ArrivalQueue<Element: Sendable>: Sendable {
    private struct State {
        var elements: [(element: Element, bytes: Int)] = []
        /// Bytes that wait or are being worked on.
        var bytes = 0
        var isFinished = false
    }

    private let capacity: Int
    private let state = Mutex(State())
    private let arrived = Signal()
    private let left = Signal()

    /// - Parameter capacity: bytes; a single larger element passes when there is nothing else.
    init(capacity: Int) { self.capacity = max(1, capacity) }

    /// Waits for room and hands over an element.
    /// - Throws: `CancellationError`.
    func push(_ element: Element, bytes: Int) async throws {
        try await takeRoom(bytes)
        put(element, bytes: bytes)
    }

    /// Waits for room, for `put` or `release`.
    /// - Throws: `CancellationError`.
    func takeRoom(_ bytes: Int) async throws {
        while true {
            let number = left.number
            let isIn = state.withLock { state in
                guard state.bytes == 0 || state.bytes + bytes <= capacity else { return false }
                state.bytes += bytes
                return true
            }
            if isIn { return }
            try await left.wait(past: number)
        }
    }

    /// Hands over an element for which `takeRoom` took so many bytes.
    func put(_ element: Element, bytes: Int) {
        state.withLock { $0.elements.append((element, bytes)) }
        arrived.raise()
    }

    /// The next elements, at most `limit` bytes or one; empty at the end.
    func next(upTo limit: Int) async throws -> (elements: [Element], bytes: Int) {
        while true {
            let number = arrived.number
            let (elements, bytes, isFinished) = state.withLock { state in
                var sum = 0
                var count = 0
                while count < state.elements.count, count == 0 || sum + state.elements[count].bytes <= limit {
                    sum += state.elements[count].bytes
                    count += 1
                }
                let taken = state.elements.prefix(count).map(\.element)
                state.elements.removeFirst(count)
                return (taken, sum, state.isFinished)
            }
            if !elements.isEmpty || isFinished { return (elements, bytes) }
            try await arrived.wait(past: number)
        }
    }

    /// Elements that `next` gave are done with.
    func release(_ bytes: Int) {
        state.withLock { $0.bytes -= bytes }
        left.raise()
    }

    /// Nothing more comes.
    func finish() {
        state.withLock { $0.isFinished = true }
        arrived.raise()
    }
}
