import Synchronization

/// Keeps the newest records in memory, for tests and for a daemon that shows its last words.
public final class MemorySink: LogSink {
    private let capacity: Int
    private let kept = Mutex<[LogRecord]>([])

    /// - Parameter capacity: how many records are kept; older ones are forgotten.
    public init(capacity: Int = 10_000) {
        precondition(capacity > 0, "a memory sink keeps at least one record")
        self.capacity = capacity
    }

    public func write(_ record: LogRecord) {
        kept.withLock { records in
            // Dropping a quarter at a time keeps the cost of a record constant.
            if records.count >= capacity { records.removeFirst(max(1, capacity / 4)) }
            records.append(record)
        }
    }

    /// The kept records, oldest first.
    public var records: [LogRecord] { kept.withLock { $0 } }

    /// The messages of the kept records, oldest first.
    public var messages: [String] { records.map(\.message) }
}
