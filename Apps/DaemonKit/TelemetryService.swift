import Contracts
import Core
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
            try await Self.check(edge, bus)
            return try await bus.call(
                TelemetryContract.edgeMetrics, MetricsQuery(), to: .peer(PeerID(edge)), timeout: .seconds(5)
            ).body
        }
        bus.handleStream(TelemetryContract.logs) { [log, bus] request, writer in
            var query = request.body
            guard let edge = query.edge else {
                let unknown = try await Self.unknownJob(query, bus)
                // Of a job that was deleted there may still be lines, but there will be no more.
                if let unknown, query.follow { throw unknown }
                let count = try await Self.send(log.file, query, to: writer)
                if let unknown, count == 0 { throw unknown }
                return
            }
            try await Self.check(edge, bus)
            query.edge = nil
            for try await line in try await bus.stream(TelemetryContract.edgeLogs, query, to: .peer(PeerID(edge))) {
                try await writer.send(line.body)
            }
        }
    }

    /// Checks that `edge` can be asked.
    /// - Throws: `not-found` for an edge that never enrolled here, `unreachable` for one that is away.
    private static func check(_ edge: Name, _ bus: Bus) async throws {
        if bus.isConnected(PeerID(edge)) { return }
        let list = try await bus.call(ResourceContract.get(.edge), ResourceQuery(name: edge.text)).body
        let phase = list.items.first?.status["phase"]?.string ?? "away"
        throw DaemonError(
            "unreachable",
            "edge '\(edge)' is not connected (\(phase)); its log lies on its own machine, in logs/edge-cloud.jsonl of its "
                + "state directory")
    }

    /// The error that says so when the job a query names is not known here.
    private static func unknownJob(_ query: LogQuery, _ bus: Bus) async throws -> BusError? {
        guard let job = query.job else { return nil }
        do { _ = try await bus.call(ResourceContract.get(.trainingJob), ResourceQuery(name: job)) } catch let error
            as BusError where error.code == "not-found"
        {
            return error
        }
        return nil
    }

    /// - Returns: how many lines were sent.
    @discardableResult
    private static func send(_ file: LogFile, _ query: LogQuery, to writer: StreamWriter<LogLine>) async throws -> Int {
        var count = 0
        for try await text in file.lines(tail: query.tail, job: query.job, follow: query.follow) {
            try await writer.send(LogLine(text: text))
            count += 1
        }
        return count
    }
}
