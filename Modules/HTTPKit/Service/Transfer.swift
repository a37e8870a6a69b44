import Synchronization

/// One attempt of a request, between the task that waits for it and the thread that moves it.
final class Transfer: Sendable {
    let request: HTTPRequest
    let target: HTTPTarget
    let configuration: HTTPClientConfiguration
    /// For a transfer that nobody watches: how long it may take in all, by libcurl's own clock.
    let limit: Duration?

    private struct State {
        var transfer = TransferState()
        /// Counts the changes, so that one between a look and the wait for the next is seen.
        var version: UInt64 = 0
        var nextWaiter: UInt64 = 0
        var waiters: [UInt64: CheckedContinuation<Void, Never>] = [:]
        /// Waits that were cancelled before they began.
        var cancelled: Set<UInt64> = []
    }

    private let state = Mutex(State())

    init(
        request: HTTPRequest, target: HTTPTarget, configuration: HTTPClientConfiguration, limit: Duration? = nil
    ) {
        self.limit = limit
        self.request = request
        self.target = target
        self.configuration = configuration
    }

    /// `GET https://host/path`, for errors.
    var name: String { "\(request.method.rawValue) \(target.display)" }

    var progress: UInt64 { state.withLock { $0.transfer.progress } }

    /// Changes the state and wakes whoever waits for a change.
    func change<Result: Sendable, Failure: Error>(
        _ body: (inout TransferState) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        var waiters: [CheckedContinuation<Void, Never>] = []
        defer { for waiter in waiters { waiter.resume() } }
        return try state.withLock { (state) throws(Failure) -> Result in
            state.version += 1
            waiters = Array(state.waiters.values)
            state.waiters.removeAll()
            return try body(&state.transfer)
        }
    }

    /// Waits until `check` has an answer; it is asked again after every change.
    /// - Throws: what `check` throws, or `CancellationError`.
    func wait<Result: Sendable>(
        _ check: @Sendable (inout TransferState) throws -> Result?
    ) async throws -> Result {
        while true {
            try Task.checkCancellation()
            let id = state.withLock { state in
                state.nextWaiter += 1
                return state.nextWaiter
            }
            let result: Result? = try await withTaskCancellationHandler {
                let (found, version) = try state.withLock { (try check(&$0.transfer), $0.version) }
                if let found { return found }
                await withCheckedContinuation { continuation in
                    let isChanged = state.withLock { state in
                        if state.cancelled.remove(id) != nil || state.version != version { return true }
                        state.waiters[id] = continuation
                        return false
                    }
                    if isChanged { continuation.resume() }
                }
                return nil
            } onCancel: {
                let waiter = state.withLock { state in
                    if let waiter = state.waiters.removeValue(forKey: id) { return Optional(waiter) }
                    state.cancelled.insert(id)
                    return nil
                }
                waiter?.resume()
            }
            if let result { return result }
        }
    }
}
