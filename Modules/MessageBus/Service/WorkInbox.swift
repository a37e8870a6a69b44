import Synchronization

/// Where work waits for `Bus.run`, which starts each piece as a child task of its own.
final class WorkInbox: Sendable {
    struct Work: Sendable {
        let execution: HandlerExecution
        let body: @Sendable () async -> Void
    }

    private struct State {
        var waiting: [Work] = []
        var reader: CheckedContinuation<[Work]?, Never>?
        var isClosed = false
    }

    private let state = Mutex(State())

    /// Queues `work`; after `close` it is dropped.
    /// - Returns: whether it will run.
    @discardableResult
    func submit(_ execution: HandlerExecution, _ body: @escaping @Sendable () async -> Void) -> Bool {
        let (reader, accepted) = state.withLock { state -> (CheckedContinuation<[Work]?, Never>?, Bool) in
            guard !state.isClosed else { return (nil, false) }
            let work = Work(execution: execution, body: body)
            guard let reader = state.reader else {
                state.waiting.append(work)
                return (nil, true)
            }
            state.reader = nil
            return (reader, true)
        }
        reader?.resume(returning: [Work(execution: execution, body: body)])
        return accepted
    }

    /// The work that arrived since the last call, in order; waits for some, and returns `nil` once closed or cancelled and
    /// emptied. Only one task may ask.
    func next() async -> [Work]? {
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let batch: [Work]?? = state.withLock { state in
                    if state.waiting.isEmpty {
                        if state.isClosed { return .some(nil) }
                        state.reader = continuation
                        return nil
                    }
                    let batch = state.waiting
                    state.waiting.removeAll(keepingCapacity: true)
                    return .some(batch)
                }
                if let batch { continuation.resume(returning: batch) }
            }
        } onCancel: {
            close()
        }
    }

    /// No more work is taken; what waits is still handed out.
    func close() {
        let reader = state.withLock { state in
            state.isClosed = true
            let reader = state.reader
            state.reader = nil
            return reader
        }
        reader?.resume(returning: nil)
    }
}
