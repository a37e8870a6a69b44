import Contracts
import Core
import Synchronization

/// The reader's side of a stream: items that arrived and were not asked for yet. Its size is bounded by the credit that it
/// grants.
final class StreamBuffer: Sendable {
    struct Item: Sendable {
        let message: RawMessage
        let cost: Int
    }

    private enum End {
        case open
        case finished
        case failed(any Error)
    }

    private struct State {
        var items: [Item] = []
        var head = 0
        var end = End.open
        var reader: CheckedContinuation<Item?, any Error>?
        /// What the writer may still send.
        var credit: Int
        /// Bytes that were taken and not granted anew.
        var consumed = 0
        var received: UInt64 = 0

        mutating func pop() -> Item? {
            guard head < items.count else { return nil }
            let item = items[head]
            head += 1
            if head == items.count {
                items.removeAll(keepingCapacity: true)
                head = 0
            } else if head >= 64, head * 2 >= items.count {
                items.removeFirst(head)
                head = 0
            }
            return item
        }
    }

    private let window: Int
    private let state: Mutex<State>
    /// Tells the writer that it may send so many more bytes.
    private let grant: @Sendable (Int) -> Void
    /// Tells the writer that nobody reads any more.
    private let abandon: @Sendable () -> Void

    init(window: Int, grant: @escaping @Sendable (Int) -> Void, abandon: @escaping @Sendable () -> Void) {
        self.window = window
        self.grant = grant
        self.abandon = abandon
        state = Mutex(State(credit: window))
    }

    /// How many items arrived.
    var received: UInt64 { state.withLock { $0.received } }

    /// An item arrived.
    /// - Returns: whether the writer had the credit for it.
    func push(_ item: Item) -> Bool {
        let (isAllowed, reader) = state.withLock { state -> (Bool, CheckedContinuation<Item?, any Error>?) in
            guard case .open = state.end else { return (true, nil) }
            guard Credit.allows(cost: item.cost, credit: state.credit, window: window) else { return (false, nil) }
            state.credit -= item.cost
            state.received += 1
            guard let reader = state.reader else {
                state.items.append(item)
                return (true, nil)
            }
            state.reader = nil
            return (true, reader)
        }
        if let reader {
            consumed(item.cost)
            reader.resume(returning: item)
        }
        return isAllowed
    }

    /// No more items come; those that wait can still be read.
    func finish(_ error: (any Error)? = nil) {
        let reader = state.withLock { state in
            guard case .open = state.end else { return nil as CheckedContinuation<Item?, any Error>? }
            state.end = error.map(End.failed) ?? .finished
            let reader = state.reader
            state.reader = nil
            return reader
        }
        if let error { reader?.resume(throwing: error) } else { reader?.resume(returning: nil) }
    }

    /// The next item, or `nil` at the end. One task reads.
    func next() async throws -> Item? {
        let item: Item? = try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                let outcome: Result<Item?, any Error>? = state.withLock { state in
                    if let item = state.pop() { return .success(item) }
                    switch state.end {
                    case .finished: return .success(nil)
                    case .failed(let error): return .failure(error)
                    case .open:
                        precondition(state.reader == nil, "a stream has one reader")
                        state.reader = continuation
                        return nil
                    }
                }
                if case .success(let item?)? = outcome { consumed(item.cost) }
                if let outcome { continuation.resume(with: outcome) }
            }
        } onCancel: {
            stop(CancellationError())
        }
        return item
    }

    /// The reader wants no more: what waits is thrown away and the writer is told, unless the stream ended already.
    func stop(_ error: any Error) {
        let (wasOpen, reader) = state.withLock { state -> (Bool, CheckedContinuation<Item?, any Error>?) in
            guard case .open = state.end else {
                return (false, nil)
            }
            state.end = .failed(error)
            state.items = []
            state.head = 0
            let reader = state.reader
            state.reader = nil
            return (true, reader)
        }
        reader?.resume(throwing: error)
        if wasOpen { abandon() }
    }

    private func consumed(_ cost: Int) {
        let granted = state.withLock { state -> Int in
            state.consumed += cost
            guard state.consumed >= Credit.threshold(window), case .open = state.end else { return 0 }
            let granted = state.consumed
            state.consumed = 0
            state.credit += granted
            return granted
        }
        if granted > 0 { grant(granted) }
    }
}
