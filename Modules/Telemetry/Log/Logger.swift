public import Core

/// What a module writes its log to: a cheap value that carries a label, a level and metadata such as the job and its
/// trace id, and gives every record that is grave enough to a sink.
///
/// A message or metadata below the level is never built. Secrets are the caller's duty; `Redacted` helps.
public struct Logger: Sendable {
    public let label: String
    /// Carried by every record of this logger.
    public let metadata: [String: String]
    private let sink: any LogSink
    private let threshold: LogLevel?
    private let clock: any WallClock

    /// - Parameters:
    ///   - label: the part of the program that speaks, such as `bus`.
    ///   - level: records below it are dropped.
    ///   - clock: what gives the records their time.
    public init(
        label: String, sink: any LogSink, level: LogLevel = .info, clock: any WallClock = SystemWallClock()
    ) {
        self.init(label: label, metadata: [:], sink: sink, threshold: level, clock: clock)
    }

    private init(
        label: String, metadata: [String: String], sink: any LogSink, threshold: LogLevel?, clock: any WallClock
    ) {
        self.label = label
        self.metadata = metadata
        self.sink = sink
        self.threshold = threshold
        self.clock = clock
    }

    /// Writes nothing, for tests and benchmarks.
    public static let disabled = Logger(
        label: "", metadata: [:], sink: NullSink(), threshold: nil, clock: SystemWallClock())

    /// The same logger with more metadata; a key that is there already gets the new value.
    public func with(_ metadata: [String: String]) -> Logger {
        Logger(
            label: label, metadata: self.metadata.merging(metadata) { $1 }, sink: sink, threshold: threshold,
            clock: clock)
    }

    /// The same logger with the trace id of the work that is done; `.none` adds nothing.
    public func with(trace: TraceID) -> Logger {
        trace == .none ? self : with(["trace": trace.description])
    }

    /// The same logger speaking for another part of the program.
    public func labelled(_ label: String) -> Logger {
        Logger(label: label, metadata: metadata, sink: sink, threshold: threshold, clock: clock)
    }

    /// Whether records of `level` are written.
    public func isEnabled(_ level: LogLevel) -> Bool {
        if let threshold { level >= threshold } else { false }
    }

    /// Writes one record, if `level` is enabled.
    /// - Parameter error: the failure the record is about; its code, message and cause are written.
    public func log(
        _ level: LogLevel, _ message: @autoclosure () -> String,
        _ metadata: @autoclosure () -> [String: String] = [:], error: (any Error)? = nil
    ) {
        guard isEnabled(level) else { return }
        let extra = metadata()
        sink.write(
            LogRecord(
                time: clock.now(), level: level, label: label, message: message(),
                metadata: extra.isEmpty ? self.metadata : self.metadata.merging(extra) { $1 },
                error: error.map { Failure($0) }))
    }

    public func trace(
        _ message: @autoclosure () -> String, _ metadata: @autoclosure () -> [String: String] = [:],
        error: (any Error)? = nil
    ) {
        log(.trace, message(), metadata(), error: error)
    }

    public func debug(
        _ message: @autoclosure () -> String, _ metadata: @autoclosure () -> [String: String] = [:],
        error: (any Error)? = nil
    ) {
        log(.debug, message(), metadata(), error: error)
    }

    public func info(
        _ message: @autoclosure () -> String, _ metadata: @autoclosure () -> [String: String] = [:],
        error: (any Error)? = nil
    ) {
        log(.info, message(), metadata(), error: error)
    }

    public func notice(
        _ message: @autoclosure () -> String, _ metadata: @autoclosure () -> [String: String] = [:],
        error: (any Error)? = nil
    ) {
        log(.notice, message(), metadata(), error: error)
    }

    public func warning(
        _ message: @autoclosure () -> String, _ metadata: @autoclosure () -> [String: String] = [:],
        error: (any Error)? = nil
    ) {
        log(.warning, message(), metadata(), error: error)
    }

    public func error(
        _ message: @autoclosure () -> String, _ metadata: @autoclosure () -> [String: String] = [:],
        error: (any Error)? = nil
    ) {
        log(.error, message(), metadata(), error: error)
    }
}
