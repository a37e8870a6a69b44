import Core
import Glibc

/// Waits for SIGINT or SIGTERM: the request to stop in good order. A second one ends the process at once.
public enum StopSignal {
    /// The write end that the handlers use; they may do nothing but `write`.
    private nonisolated(unsafe) static var pipeEnd: Int32 = -1

    /// Installs the handlers. Call once, first thing in `main`.
    /// - Returns: a function that returns the number of the first signal, from a thread of its own.
    public static func install() -> @Sendable () async throws -> Int32 {
        var ends: [Int32] = [-1, -1]
        precondition(pipe(&ends) == 0, "the system refused a pipe (errno \(errno))")
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        pipeEnd = ends[1]
        // A peer that goes away must not end the process.
        signal(SIGPIPE, SIG_IGN)
        for number in [SIGINT, SIGTERM] {
            var action = sigaction()
            action.__sigaction_handler.sa_handler = { number in
                var byte = UInt8(truncatingIfNeeded: number)
                _ = write(StopSignal.pipeEnd, &byte, 1)
                // From now on the signal has its ordinary, deadly effect.
                signal(number, SIG_DFL)
            }
            sigemptyset(&action.sa_mask)
            action.sa_flags = SA_RESTART
            sigaction(number, &action, nil)
        }
        let readEnd = ends[0]
        let thread = ThreadExecutor(name: "signals")
        let writeEnd = ends[1]
        return {
            let number = try await withTaskCancellationHandler {
                try await thread.run {
                    var byte: UInt8 = 0
                    while read(readEnd, &byte, 1) < 0 && errno == EINTR {}
                    return Int32(byte)
                }
            } onCancel: {
                // Wakes the reader; nobody waits for a signal any more.
                var byte: UInt8 = 0
                _ = write(writeEnd, &byte, 1)
            }
            try Task.checkCancellation()
            return number
        }
    }
}
