public import Core

/// What a daemon tells about itself. Answered by every daemon.
public enum TelemetryContract {
    /// Lines of a daemon's log; the core passes the question on when `edge` names one.
    public static let logs = StreamCall<LogQuery, LogLine>("telemetry.logs")
    /// Every metric as Prometheus text.
    public static let metrics = Call<MetricsQuery, MetricsText>("telemetry.metrics")
}

public struct LogQuery: Codable, Sendable {
    public var edge: Name?
    /// Only lines about this job.
    public var job: String?
    /// The last so many lines, or all that are kept.
    public var tail: Int?
    /// Stay and send lines as they are written.
    public var follow: Bool

    public init(edge: Name? = nil, job: String? = nil, tail: Int? = nil, follow: Bool = false) {
        self.edge = edge
        self.job = job
        self.tail = tail
        self.follow = follow
    }
}

public struct LogLine: Codable, Sendable {
    /// One JSON object, as in the log file.
    public var text: String

    public init(text: String) { self.text = text }
}

public struct MetricsQuery: Codable, Sendable {
    public var edge: Name?

    public init(edge: Name? = nil) { self.edge = edge }
}

public struct MetricsText: Codable, Sendable {
    public var text: String

    public init(text: String) { self.text = text }
}
