import Contracts
import Synchronization

/// Adds up bytes that pieces of work report.
final class ProgressCounter: Sendable {
    private let total: Int
    private let done = Mutex(0)

    init(total: Int) { self.total = total }

    func advance(by bytes: Int) -> ArchiveProgress {
        let done = done.withLock { done in
            done += bytes
            return done
        }
        return ArchiveProgress(doneBytes: done, totalBytes: total)
    }
}
