import Synchronization

/// A result that comes once: settled from any thread, awaited by one task. A waiting task that is cancelled stops waiting.
final class OneShot<Value: Sendable>: Sendable {
    private enum State {
        case open
        case waiting(CheckedContinuation<Value, any Error>)
        case settled(Result<Value, any Error>)
        case taken
    }

    private let state = Mutex(State.open)

    /// The first result counts, later ones are ignored.
    func settle(_ result: Result<Value, any Error>) {
        let continuation = state.withLock { state -> CheckedContinuation<Value, any Error>? in
            switch state {
            case .open:
                state = .settled(result)
                return nil
            case .waiting(let continuation):
                state = .taken
                return continuation
            case .settled, .taken: return nil
            }
        }
        continuation?.resume(with: result)
    }

    /// The result, as soon as it is there. Ask once.
    /// - Throws: what it was settled with, or `CancellationError`.
    func value() async throws -> Value {
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                let result = state.withLock { state -> Result<Value, any Error>? in
                    switch state {
                    case .open:
                        state = .waiting(continuation)
                        return nil
                    case .settled(let result):
                        state = .taken
                        return result
                    case .waiting, .taken: preconditionFailure("a one-shot result has one reader")
                    }
                }
                if let result { continuation.resume(with: result) }
            }
        } onCancel: {
            settle(.failure(CancellationError()))
        }
    }
}
