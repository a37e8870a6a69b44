import Synchronization

/// Notices that work has come to a standstill.
final class StallWatch: Sendable {
    private let steps = Atomic<Int>(0)
    private let stalled = Atomic<Bool>(false)

    var isStalled: Bool { stalled.load(ordering: .acquiring) }

    /// The work went on.
    func step() { steps.add(1, ordering: .relaxed) }

    /// Calls `end` when no step was made for `patience`; returns then, or when cancelled.
    func watch(_ patience: Duration, _ end: @Sendable () -> Void) async {
        var seen = -1
        while true {
            let now = steps.load(ordering: .relaxed)
            if now == seen {
                stalled.store(true, ordering: .releasing)
                return end()
            }
            seen = now
            do { try await ContinuousClock().sleep(for: patience) } catch { return }
        }
    }
}
