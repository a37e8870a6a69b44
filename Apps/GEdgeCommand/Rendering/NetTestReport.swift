import Contracts
import Core

/// What a test of a link found.
struct NetTestReport: Encodable, Sendable, Hashable {
    let edge: Name
    /// `bulk` or `model`.
    let lane: String
    let flows: Int
    var latency: NetTestLatency?
    var throughput: [NetTestThroughput] = []

    init(_ request: NetTestRequest) {
        edge = request.edge
        lane = "\(request.lane)"
        flows = request.flows
    }

    mutating func take(_ event: NetTestEvent) {
        if let latency = event.latency { self.latency = latency }
        if let row = event.throughput { throughput.append(row) }
    }

    /// The report for a person.
    func lines(_ output: ValueOutput) -> [String] {
        var lines: [String] = []
        if let latency {
            func text(_ seconds: Double?) -> String { seconds.map(LinkText.time) ?? "-" }
            lines += output.lines(
                ["ROUND TRIPS", "LOST", "MIN", "P50", "P90", "P99", "MAX", "JITTER"],
                [
                    [
                        String(latency.sent),
                        "\(latency.lost) (\(LinkText.share(Double(latency.lost) / Double(max(1, latency.sent)))))",
                        text(latency.minimum), text(latency.median), text(latency.percentile90),
                        text(latency.percentile99), text(latency.maximum), text(latency.jitter),
                    ]
                ])
        }
        if latency != nil, !throughput.isEmpty { lines.append("") }
        if !throughput.isEmpty {
            lines += output.lines(
                ["FROM", "TO", "SIZE", "FLOWS", "TIMES", "TIME", "RATE", "BITS"],
                throughput.map { row in
                    let rate = row.bytesPerSecond
                    return [
                        row.from.text, row.to.text, LinkText.size(row.size), String(row.flows), String(row.repetitions),
                        row.seconds.map(LinkText.time) ?? row.skipped.map { "left out: \($0)" } ?? "-",
                        rate.map(LinkText.rate) ?? "-", rate.map(LinkText.bits) ?? "-",
                    ]
                })
        }
        return lines
    }
}
