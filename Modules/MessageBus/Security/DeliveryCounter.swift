import Synchronization

/// How many whole messages came by one connection, as told by the thread that reads them to the one that watches.
package final class DeliveryCounter: Sendable {
    private let count = Atomic<UInt64>(0)

    package init() {}

    /// One more message, whatever became of it.
    package func increment() { count.add(1, ordering: .relaxed) }

    var value: UInt64 { count.load(ordering: .relaxed) }
}
