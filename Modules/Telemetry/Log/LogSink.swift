/// Where log records go. A sink is called from any thread and returns soon; it deals with its own failures, because a
/// program must not fail for want of a log.
public protocol LogSink: Sendable {
    func write(_ record: LogRecord)
}

/// Forgets every record.
public struct NullSink: LogSink {
    public init() {}

    public func write(_ record: LogRecord) {}
}

/// Gives every record to several sinks, in order.
public struct TeeSink: LogSink {
    private let sinks: [any LogSink]

    public init(_ sinks: [any LogSink]) { self.sinks = sinks }

    public func write(_ record: LogRecord) {
        for sink in sinks { sink.write(record) }
    }
}

/// Passes on the records of at least a level, so that one sink of a `TeeSink` can be quieter than another.
public struct LevelFilter: LogSink {
    private let level: LogLevel
    private let sink: any LogSink

    public init(_ level: LogLevel, _ sink: any LogSink) {
        self.level = level
        self.sink = sink
    }

    public func write(_ record: LogRecord) {
        if record.level >= level { sink.write(record) }
    }
}
