import Glibc
import Synchronization

/// One thread of its own that runs Swift jobs in order: where blocking C calls and long computations go, so that the
/// cooperative pool never waits.
///
/// Use it as an actor's `unownedExecutor` (SQLite's writer) or as the preferred executor of a task (a training run). The
/// thread ends when the executor is released and its queue is empty.
public final class ThreadExecutor: SerialExecutor, TaskExecutor {
    private let queue: JobQueue

    /// - Parameter name: the thread's name as `top -H` shows it; the kernel keeps 15 bytes.
    public init(name: String) {
        queue = JobQueue(name: name)
        queue.start()
    }

    deinit { queue.stop() }

    public func enqueue(_ job: UnownedJob) {
        queue.push(job, on: self)
    }

    public func enqueue(_ job: consuming ExecutorJob) { enqueue(UnownedJob(job)) }

    public func asUnownedSerialExecutor() -> UnownedSerialExecutor { UnownedSerialExecutor(ordinary: self) }

    public func checkIsolated() {
        precondition(queue.isCurrent, "not on the thread of this executor")
    }

    /// Whether the calling code runs on this executor's thread.
    public var isCurrent: Bool { queue.isCurrent }

    /// Runs blocking `work` on this thread and returns its result.
    public func run<Result: Sendable>(_ work: @escaping @Sendable () throws -> Result) async throws -> Result {
        try await withCheckedThrowingContinuation { continuation in
            queue.push { continuation.resume(with: Swift.Result(catching: work)) }
        }
    }
}

/// The queue and the thread behind a `ThreadExecutor`. The thread holds the queue, never the executor, so that releasing
/// the executor ends the thread.
private final class JobQueue: @unchecked Sendable {
    // @unchecked: all state is guarded by `mutex`; the condition variable needs a stable address, hence the allocation.
    private enum Item {
        /// Holds its executor, so that neither is released while the job waits or runs.
        case job(UnownedJob, ThreadExecutor)
        case work(@Sendable () -> Void)
    }

    private let mutex: UnsafeMutablePointer<pthread_mutex_t>
    private let wake: UnsafeMutablePointer<pthread_cond_t>
    private let name: String
    private var items: [Item] = []
    private var stopped = false
    private let thread = Atomic<UInt>(0)

    init(name: String) {
        self.name = name
        mutex = .allocate(capacity: 1)
        wake = .allocate(capacity: 1)
        pthread_mutex_init(mutex, nil)
        pthread_cond_init(wake, nil)
    }

    deinit {
        pthread_mutex_destroy(mutex)
        pthread_cond_destroy(wake)
        mutex.deallocate()
        wake.deallocate()
    }

    var isCurrent: Bool { thread.load(ordering: .acquiring) == UInt(pthread_self()) }

    func start() {
        var attributes = pthread_attr_t()
        pthread_attr_init(&attributes)
        pthread_attr_setdetachstate(&attributes, Int32(PTHREAD_CREATE_DETACHED))
        var id = pthread_t()
        let box = Unmanaged.passRetained(self).toOpaque()
        let status = pthread_create(
            &id, &attributes,
            { box in
                guard let box else { return nil }
                Unmanaged<JobQueue>.fromOpaque(box).takeRetainedValue().loop()
                return nil
            }, box)
        pthread_attr_destroy(&attributes)
        precondition(status == 0, "the system refused a thread (errno \(status)); raise the limit on threads")
    }

    func push(_ job: UnownedJob, on executor: ThreadExecutor) { push(.job(job, executor)) }
    func push(_ work: @escaping @Sendable () -> Void) { push(.work(work)) }

    private func push(_ item: Item) {
        pthread_mutex_lock(mutex)
        items.append(item)
        pthread_cond_signal(wake)
        pthread_mutex_unlock(mutex)
    }

    func stop() {
        pthread_mutex_lock(mutex)
        stopped = true
        pthread_cond_signal(wake)
        pthread_mutex_unlock(mutex)
    }

    private func loop() {
        ThreadName.set(name)
        thread.store(UInt(pthread_self()), ordering: .releasing)
        while true {
            pthread_mutex_lock(mutex)
            while items.isEmpty && !stopped { pthread_cond_wait(wake, mutex) }
            let batch = items
            items.removeAll(keepingCapacity: batch.count < 1024)
            pthread_mutex_unlock(mutex)
            if batch.isEmpty { return }
            for item in batch {
                switch item {
                case .job(let job, let executor):
                    job.runSynchronously(
                        isolatedTo: executor.asUnownedSerialExecutor(),
                        taskExecutor: executor.asUnownedTaskExecutor())
                case .work(let work): work()
                }
            }
        }
    }
}
