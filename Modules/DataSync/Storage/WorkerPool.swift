import Core
import Synchronization

/// A few threads for work that blocks or computes; each piece goes to the least busy one.
final class WorkerPool: Sendable {
    private let threads: [ThreadExecutor]
    private let pending: Mutex<[Int]>

    var count: Int { threads.count }

    init(name: String, threads: Int) {
        self.threads = (0..<max(1, threads)).map { ThreadExecutor(name: "\(name)-\($0)") }
        pending = Mutex(Array(repeating: 0, count: max(1, threads)))
    }

    func run<Result: Sendable>(_ work: @escaping @Sendable () throws -> Result) async throws -> Result {
        let index = pending.withLock { pending in
            let index = pending.indices.min { pending[$0] < pending[$1] } ?? 0
            pending[index] += 1
            return index
        }
        defer { pending.withLock { $0[index] -= 1 } }
        return try await threads[index].run(work)
    }
}
