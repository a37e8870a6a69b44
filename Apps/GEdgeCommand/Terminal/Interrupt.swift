import Glibc
import Synchronization

/// Ctrl-C and SIGTERM, noted instead of deadly, for work that has a result to save.
enum Interrupt {
    private static let numbers = [SIGINT, SIGTERM]
    private static let isAsked = Atomic<Bool>(false)
    /// How many run under `noting`, and what the signals did before the first of them.
    private static let running = Mutex<(count: Int, before: [sigaction])>((0, []))

    /// Runs `body`, which asks now and then whether it should end early. A second signal ends the process at once.
    static func noting<Result>(_ body: (_ isRequested: () -> Bool) throws -> Result) rethrows -> Result {
        begin()
        defer { end() }
        return try body { isAsked.load(ordering: .relaxed) }
    }

    private static func begin() {
        running.withLock { running in
            running.count += 1
            guard running.count == 1 else { return }
            isAsked.store(false, ordering: .relaxed)
            running.before = numbers.map { number in
                var (action, before) = (sigaction(), sigaction())
                action.__sigaction_handler.sa_handler = { number in
                    // A store and `signal` are all that a handler may do here.
                    Interrupt.isAsked.store(true, ordering: .relaxed)
                    signal(number, SIG_DFL)
                }
                sigemptyset(&action.sa_mask)
                action.sa_flags = SA_RESTART
                sigaction(number, &action, &before)
                return before
            }
        }
    }

    private static func end() {
        running.withLock { running in
            running.count -= 1
            guard running.count == 0 else { return }
            for (number, before) in zip(numbers, running.before) {
                var before = before
                sigaction(number, &before, nil)
            }
        }
    }
}
