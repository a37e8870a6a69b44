import Synchronization

/// Tells tasks that something changed since they last looked. Nothing is lost: whoever looks, then waits past the number it
/// read before looking, is woken by whatever happened in between.
final class Signal: Sendable {
    private struct State {
        var number: UInt64 = 0
        var nextTicket: UInt64 = 0
        var waiters: [UInt64: CheckedContinuation<UInt64, any Error>] = [:]
    }

    private let state = Mutex(State())

    /// How often it was raised.
    var number: UInt64 { state.withLock { $0.number } }

    func raise() {
        let waiters = state.withLock { state in
            state.number += 1
            let waiters = state.waiters
            state.waiters = [:]
            return waiters.values.map { ($0, state.number) }
        }
        for (waiter, number) in waiters { waiter.resume(returning: number) }
    }

    /// Waits until it was raised more than `number` times.
    /// - Returns: how often it was raised.
    /// - Throws: `CancellationError`.
    @discardableResult
    func wait(past number: UInt64) async throws -> UInt64 {
        let ticket = state.withLock { state in
            state.nextTicket += 1
            return state.nextTicket
        }
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                let answer: Result<UInt64, any Error>? = state.withLock { state in
                    if Task.isCancelled { return .failure(CancellationError()) }
                    if state.number > number { return .success(state.number) }
                    state.waiters[ticket] = continuation
                    return nil
                }
                if let answer { continuation.resume(with: answer) }
            }
        } onCancel: {
            let waiter = state.withLock { $0.waiters.removeValue(forKey: ticket) }
            waiter?.resume(throwing: CancellationError())
        }
    }

    /// Waits as `wait(past:)` does, but no longer than `timeout`.
    /// - Returns: whether it was raised.
    func wait(past number: UInt64, atMost timeout: Duration) async throws -> Bool {
        try await withThrowingTaskGroup(of: Bool.self) { group in
            group.addTask { [self] in
                try await wait(past: number)
                return true
            }
            group.addTask {
                try await ContinuousClock().sleep(for: timeout)
                return false
            }
            defer { group.cancelAll() }
            return try await group.next() ?? false
        }
    }

    /// Waits until it is raised, or for `timeout`.
    func waitBriefly(_ timeout: Duration) async throws { _ = try await wait(past: number, atMost: timeout) }
}
