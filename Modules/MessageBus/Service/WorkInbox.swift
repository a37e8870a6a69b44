import Synchronization

/// Where work waits for `Bus.run`, which starts workers as child tasks of its own. A worker that has nothing left to do
/// stays for a while: handing work to it costs less than starting another.
final class WorkInbox: Sendable {
    typealias Work = @Sendable () async -> Void

    /// Workers of each kind that may stay without work.
    private static let maximumIdle = 16

    /// The work and the workers of one kind of execution.
    private struct Bench {
        var waiting: [Work] = []
        var head = 0
        var idle: [CheckedContinuation<Work?, Never>] = []

        mutating func pop() -> Work? {
            guard head < waiting.count else { return nil }
            let work = waiting[head]
            waiting[head] = {}
            head += 1
            if head == waiting.count {
                waiting.removeAll(keepingCapacity: true)
                head = 0
            }
            return work
        }
    }

    private struct State {
        var pool = Bench()
        var inline = Bench()
        /// Workers to be started.
        var wanted: [HandlerExecution] = []
        var starter: CheckedContinuation<[HandlerExecution]?, Never>?
        var isClosed = false

        subscript(execution: HandlerExecution) -> Bench {
            get { execution == .inline ? inline : pool }
            _modify {
                switch execution {
                case .inline: yield &inline
                case .pool: yield &pool
                }
            }
        }
    }

    private enum Recipient {
        case none
        case nobodyYet
        case starter(CheckedContinuation<[HandlerExecution]?, Never>)
        case worker(CheckedContinuation<Work?, Never>)
    }

    private let state = Mutex(State())

    /// Gives `work` to a worker; after `close` it is dropped.
    /// - Returns: whether it will run.
    @discardableResult
    func submit(_ execution: HandlerExecution, _ work: @escaping Work) -> Bool {
        let recipient = state.withLock { state -> Recipient in
            guard !state.isClosed else { return .none }
            if let idle = state[execution].idle.popLast() { return .worker(idle) }
            state[execution].waiting.append(work)
            guard let starter = state.starter else {
                state.wanted.append(execution)
                return .nobodyYet
            }
            state.starter = nil
            return .starter(starter)
        }
        switch recipient {
        case .none: return false
        case .nobodyYet: break
        case .starter(let starter): starter.resume(returning: [execution])
        case .worker(let worker): worker.resume(returning: work)
        }
        return true
    }

    /// A worker's life: does what waits and what comes, until it is cancelled or not needed.
    ///
    /// A task that was cancelled, together with the handler it ran, stays cancelled and ends. Nothing is left behind: for
    /// each piece of work that waits a worker was asked for, whichever then does it.
    func work(_ execution: HandlerExecution) async {
        repeat {
            guard await doNext(execution) else { return }
        } while !Task.isCancelled
    }

    /// Does one piece of work, and holds on to nothing of it afterwards.
    /// - Returns: `false` when there is none and enough others wait for some.
    private func doNext(_ execution: HandlerExecution) async -> Bool {
        guard let work = await take(execution) else { return false }
        await work()
        return true
    }

    private func take(_ execution: HandlerExecution) async -> Work? {
        if let work = state.withLock({ $0[execution].pop() }) { return work }
        return await withCheckedContinuation { continuation in
            let work: Work?? = state.withLock { state in
                if let work = state[execution].pop() { return .some(work) }
                guard !state.isClosed, state[execution].idle.count < Self.maximumIdle else { return .some(nil) }
                state[execution].idle.append(continuation)
                return nil
            }
            if let work { continuation.resume(returning: work) }
        }
    }

    /// The workers to start; waits for some, and returns `nil` once closed or cancelled and emptied. Only one task may ask.
    func next() async -> [HandlerExecution]? {
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let batch: [HandlerExecution]?? = state.withLock { state in
                    if state.wanted.isEmpty {
                        if state.isClosed { return .some(nil) }
                        state.starter = continuation
                        return nil
                    }
                    let batch = state.wanted
                    state.wanted.removeAll(keepingCapacity: true)
                    return .some(batch)
                }
                if let batch { continuation.resume(returning: batch) }
            }
        } onCancel: {
            close()
        }
    }

    /// No more work is taken; what waits is still done, and workers without work end.
    func close() {
        let (starter, idle) = state.withLock { state in
            state.isClosed = true
            let result = (state.starter, state.pool.idle + state.inline.idle)
            state.starter = nil
            state.pool.idle = []
            state.inline.idle = []
            return result
        }
        starter?.resume(returning: nil)
        for worker in idle { worker.resume(returning: nil) }
    }
}
