import Core

/// Reads the log that a `JSONLinesSink` writes, across its rotated files, oldest line first.
public struct LogFile: Sendable {
    public let path: String
    private let interval: Duration
    private let clock: any Clock<Duration>

    /// - Parameters:
    ///   - interval: how often a follower looks for new lines.
    ///   - clock: what a follower waits by.
    public init(
        path: String, interval: Duration = .milliseconds(200), clock: any Clock<Duration> = ContinuousClock()
    ) {
        self.path = path
        self.interval = interval
        self.clock = clock
    }

    /// The whole lines of the log, without their line feeds, read as the caller asks for them: memory does not grow with
    /// the log. A log that does not exist has no lines.
    ///
    /// Files are read on a thread of the stream's own. The sequence ends when the task that reads it is cancelled.
    /// - Parameters:
    ///   - tail: the last so many of the lines that pass the filter, or `nil` for all that are kept.
    ///   - job: only lines whose metadata `job` is this.
    ///   - follow: do not end at the log's end but wait for more.
    public func lines(
        tail: Int? = nil, job: String? = nil, follow: Bool = false
    ) -> AsyncThrowingStream<String, any Error> {
        let reader = LogReader(path: path, filter: job.map { JSONLine.member("job", $0) }, tail: tail, follows: follow)
        let pending = LogLines(reader: reader, follow: follow, interval: interval, clock: clock)
        return AsyncThrowingStream { try await pending.next() }
    }
}

/// The lines that were read and not yet asked for.
private actor LogLines {
    private let reader: LogReader
    private let follow: Bool
    private let interval: Duration
    private let clock: any Clock<Duration>
    private var batch: ArraySlice<String> = []

    init(reader: LogReader, follow: Bool, interval: Duration, clock: any Clock<Duration>) {
        self.reader = reader
        self.follow = follow
        self.interval = interval
        self.clock = clock
    }

    func next() async throws -> String? {
        while batch.isEmpty {
            if Task.isCancelled { return nil }
            switch try await reader.read() {
            case .lines(let lines): batch = lines[...]
            case .more: continue
            case .end:
                guard follow else { return nil }
                do { try await clock.sleep(for: interval) } catch is CancellationError { return nil }
            }
        }
        return batch.popFirst()
    }
}
