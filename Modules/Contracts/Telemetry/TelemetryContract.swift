public import Core

/// What a daemon tells about itself.
public enum TelemetryContract {
    /// Operator to core: lines of the core's log, or of an edge's when the query names one.
    public static let logs = StreamCall<LogQuery, LogLine>("telemetry.logs", audience: .operators)
    /// Operator to core: every metric as Prometheus text, of the core or of the edge the query names.
    public static let metrics = Call<MetricsQuery, MetricsText>("telemetry.metrics", audience: .operators)
    /// Core to edge: lines of the edge's own log.
    public static let edgeLogs = StreamCall<LogQuery, LogLine>("telemetry.edge-logs", audience: .core)
    /// Core to edge: the edge's own metrics.
    public static let edgeMetrics = Call<MetricsQuery, MetricsText>("telemetry.edge-metrics", audience: .core)
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
