import Foundation
import Glibc

/// A child of this process, and a thread that waits for its end.
final class Child: @unchecked Sendable {
    // @unchecked: `ended` and `waiters` are guarded by `condition`.
    let identifier: pid_t
    private let condition = NSCondition()
    private var ended: Int32?
    private var waiters: [CheckedContinuation<Int32, Never>] = []

    init(_ identifier: pid_t) {
        self.identifier = identifier
        Thread.detachNewThread { [self] in wait() }
    }

    var isRunning: Bool { condition.withLock { ended == nil } }

    func signal(_ number: Int32) {
        // Reaped under the same lock, so that the number cannot be another process's by now.
        condition.withLock { if ended == nil { kill(identifier, number) } }
    }

    /// The exit status, or the number of the signal that ended it plus 128.
    func status() async -> Int32 {
        await withCheckedContinuation { continuation in
            let status = condition.withLock {
                if ended == nil { waiters.append(continuation) }
                return ended
            }
            if let status { continuation.resume(returning: status) }
        }
    }

    /// The same, blocking the calling thread.
    func waitForStatus() -> Int32 {
        condition.withLock {
            while true {
                if let ended { return ended }
                condition.wait()
            }
        }
    }

    private func wait() {
        var info = siginfo_t()
        while waitid(P_PID, id_t(identifier), &info, WEXITED | WNOWAIT) < 0, errno == EINTR {}
        let (status, waiters) = condition.withLock {
            var raw: Int32 = 0
            while waitpid(identifier, &raw, 0) < 0, errno == EINTR {}
            let signal = raw & 0x7f
            let status = signal == 0 ? (raw >> 8) & 0xff : 128 + signal
            ended = status
            condition.broadcast()
            defer { self.waiters = [] }
            return (status, self.waiters)
        }
        for waiter in waiters { waiter.resume(returning: status) }
    }
}
