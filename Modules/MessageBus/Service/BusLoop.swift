import Core
import Glibc
import Synchronization

/// The one thread that owns a bus's sockets. Other threads reach the switchboard through a queue and a wake-up descriptor;
/// as a `TaskExecutor` it also runs tasks that want to be where the sockets are.
final class BusLoop: TaskExecutor, @unchecked Sendable {
    // @unchecked: `board` and `ready` are touched by the loop's thread, and before it starts under `queue`'s lock.
    typealias Command = @Sendable (Switchboard) -> Void

    private enum Phase {
        case idle
        case running
        case closed
    }

    private struct Queue {
        var phase = Phase.idle
        var commands: [Command] = []
        var jobs: [UnownedJob] = []
        /// The loop sleeps or is about to: whoever adds something must wake it.
        var isAsleep = false
    }

    private let board: Switchboard
    private let wake: WakeDescriptor
    private let queue = Mutex(Queue())
    private let thread = Atomic<UInt>(0)
    private let correlations = Atomic<UInt64>(0)
    /// Jobs that the loop's own thread added.
    private var ready: [UnownedJob] = []

    init(_ board: Switchboard) {
        self.board = board
        wake = board.wake
        board.attach(self)
    }

    /// A number for a question, unique in this process.
    func nextCorrelation() -> UInt64 { correlations.add(1, ordering: .relaxed).newValue }

    private var isCurrent: Bool { thread.load(ordering: .relaxed) == UInt(pthread_self()) }

    // MARK: - From any thread

    private enum Acceptance {
        case refused
        case queued(mustWake: Bool)
        case now
    }

    /// Runs `command` on the loop's thread, after all that were given before; before `start` it waits.
    /// - Returns: whether it will run; it will not once the loop has ended.
    @discardableResult
    func perform(_ command: @escaping Command) -> Bool {
        let isCurrent = isCurrent
        let acceptance = queue.withLock { queue -> Acceptance in
            if isCurrent && queue.commands.isEmpty { return .now }
            guard queue.phase != .closed else { return .refused }
            queue.commands.append(command)
            let mustWake = queue.isAsleep
            queue.isAsleep = false
            return .queued(mustWake: mustWake)
        }
        switch acceptance {
        case .refused: return false
        case .queued(let mustWake):
            if mustWake { wake.signal() }
            return true
        case .now:
            command(board)
            return true
        }
    }

    /// Runs `body` with the switchboard before the loop has started.
    /// - Throws: `BusError` `misuse` once it has, or what `body` throws.
    func whileIdle<Result>(_ body: (Switchboard) throws(BusError) -> Result) throws(BusError) -> Result {
        try queue.withLock { queue throws(BusError) in
            guard queue.phase == .idle else {
                throw BusError(.misuse, "a bus starts to listen before it runs; call listen first")
            }
            return try body(board)
        }
    }

    func enqueue(_ job: UnownedJob) {
        if isCurrent {
            ready.append(job)
            return
        }
        let acceptance = queue.withLock { queue -> Acceptance in
            guard queue.phase != .closed else { return .refused }
            queue.jobs.append(job)
            let mustWake = queue.isAsleep
            queue.isAsleep = false
            return .queued(mustWake: mustWake)
        }
        switch acceptance {
        // A task that outlives the loop goes on elsewhere.
        case .refused: globalConcurrentExecutor.enqueue(job)
        case .queued(let mustWake): if mustWake { wake.signal() }
        case .now: break
        }
    }

    func enqueue(_ job: consuming ExecutorJob) { enqueue(UnownedJob(job)) }

    func asUnownedTaskExecutor() -> UnownedTaskExecutor { UnownedTaskExecutor(ordinary: self) }

    // MARK: - The thread

    /// Starts the thread.
    /// - Throws: `BusError` `misuse` when it ran before, `native` when the system refuses a thread or a descriptor.
    func start() throws(BusError) -> JoinableThread {
        try queue.withLock { queue throws(BusError) in
            guard queue.phase == .idle else { throw BusError(.misuse, "a bus runs once; make a new one") }
            guard wake.descriptor >= 0 else {
                throw BusError(.native, "cannot make an eventfd; raise the limit on open files (ulimit -n)")
            }
            queue.phase = .running
        }
        do {
            // The thread holds the loop until it ends.
            return try JoinableThread(name: "gedge-bus") { self.run() }
        } catch {
            queue.withLock { $0.phase = .closed }
            throw BusError(.native, "cannot start the bus's thread", cause: error)
        }
    }

    /// Says goodbye to every peer, waits until they have taken what was sent, and ends the thread's work. Cancellation does
    /// not cut it short; `BusConfiguration.drain` bounds it.
    func stop() async {
        await withCheckedContinuation { continuation in
            let isAccepted = perform { $0.beginDrain { continuation.resume() } }
            if !isAccepted { continuation.resume() }
        }
    }

    private func run() {
        thread.store(UInt(pthread_self()), ordering: .relaxed)
        while !board.isDrained {
            takeQueue()
            runJobs()
            board.service()
            if ready.isEmpty && !board.needsService && !board.isDrained { sleep() }
        }
        finish()
    }

    private func takeQueue() {
        let (commands, jobs) = queue.withLock { queue -> ([Command], [UnownedJob]) in
            guard !queue.commands.isEmpty || !queue.jobs.isEmpty else { return ([], []) }
            let taken = (queue.commands, queue.jobs)
            queue.commands = []
            queue.jobs = []
            return taken
        }
        for command in commands { command(board) }
        ready.append(contentsOf: jobs)
    }

    /// Rounds of jobs that may pass before the sockets have their turn.
    private static let rounds = 16

    /// Runs the jobs that are ready, and those that they make ready.
    private func runJobs() {
        for _ in 0..<Self.rounds where !ready.isEmpty {
            let jobs = ready
            ready.removeAll(keepingCapacity: true)
            for job in jobs { job.runSynchronously(on: asUnownedTaskExecutor()) }
        }
    }

    private func sleep() {
        let timeout = board.sleepMilliseconds
        let maySleep = queue.withLock { queue in
            guard queue.commands.isEmpty, queue.jobs.isEmpty else { return false }
            queue.isAsleep = true
            return true
        }
        guard maySleep else { return }
        board.waitForSockets(milliseconds: timeout)
        queue.withLock { $0.isAsleep = false }
    }

    /// Nothing is accepted any more; what came last fails.
    private func finish() {
        board.close()
        while true {
            takeQueue()
            runJobs()
            let isDone = queue.withLock { queue in
                guard queue.commands.isEmpty, queue.jobs.isEmpty, ready.isEmpty else { return false }
                queue.phase = .closed
                return true
            }
            if isDone { break }
        }
        thread.store(0, ordering: .relaxed)
        board.reportDrained()
    }
}
