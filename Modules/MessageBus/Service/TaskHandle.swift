import Synchronization

/// Lets others cancel a handler's task, which is a child of `Bus.run` and has no handle of its own.
final class TaskHandle: Sendable {
    /// A task that is known to be running, because it takes itself out before it ends.
    private struct Running: @unchecked Sendable {
        // @unchecked: only `cancel` is used, which is safe from any thread while the task lives.
        let task: UnsafeCurrentTask?
    }

    private enum State {
        case waiting
        case running(Running)
        case ended
        case cancelled
    }

    private let state = Mutex(State.waiting)

    /// Runs `body` as the task to cancel, unless it was cancelled already.
    /// - Returns: `nil` when it was.
    func run<Result: Sendable>(_ body: () async -> Result) async -> Result? {
        await withUnsafeCurrentTask { task in
            let running = Running(task: task)
            let mayRun = state.withLock { state in
                if case .cancelled = state { return false }
                state = .running(running)
                return true
            }
            guard mayRun else { return nil }
            let result = await body()
            state.withLock { $0 = .ended }
            return result
        }
    }

    func cancel() {
        // Under the lock, so that the task cannot end meanwhile.
        state.withLock { state in
            switch state {
            case .running(let running): running.task?.cancel()
            case .waiting: state = .cancelled
            case .ended, .cancelled: break
            }
        }
    }
}
