import Contracts
public import MessageBus
public import Telemetry

/// Answers what a daemon tells about itself: its log and its metrics. The core passes on what is asked of an edge.
public struct TelemetryService: Sendable {
    private let log: DaemonLog
    private let metrics: MetricsRegistry
    private let bus: Bus

    public init(log: DaemonLog, metrics: MetricsRegistry, bus: Bus) {
        self.log = log
        self.metrics = metrics
        self.bus = bus
        ProcessMetrics.register(in: metrics)
    }

    public func registerOnEdge() {
        bus.handle(TelemetryContract.edgeMetrics) { [metrics] (_: Inbound<MetricsQuery>) -> MetricsText in
            MetricsText(text: metrics.prometheusText())
        }
        bus.handleStream(TelemetryContract.edgeLogs) { [log] request, writer in
            try await Self.send(log.file, request.body, to: writer)
        }
    }

    public func registerOnCore() {
        bus.handle(TelemetryContract.metrics) { [metrics, bus] (request: Inbound<MetricsQuery>) -> MetricsText in
            guard let edge = request.body.edge else { return MetricsText(text: metrics.prometheusText()) }
            return try await bus.call(
                TelemetryContract.edgeMetrics, MetricsQuery(), to: .peer(PeerID(edge)), timeout: .seconds(5)
            ).body
        }
        bus.handleStream(TelemetryContract.logs) { [log, bus] request, writer in
            var query = request.body
            guard let edge = query.edge else { return try await Self.send(log.file, query, to: writer) }
            query.edge = nil
            for try await line in try await bus.stream(TelemetryContract.edgeLogs, query, to: .peer(PeerID(edge))) {
                try await writer.send(line.body)
            }
        }
    }

    private static func send(_ file: LogFile, _ query: LogQuery, to writer: StreamWriter<LogLine>) async throws {
        for try await text in file.lines(tail: query.tail, job: query.job, follow: query.follow) {
            try await writer.send(LogLine(text: text))
        }
    }
}
