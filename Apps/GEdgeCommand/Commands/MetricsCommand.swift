import Contracts
import Core

/// `gedge metrics`: what a daemon counts.
enum MetricsCommand {
    static let command = Command(
        "metrics", topic: .observation, summary: "print the metrics of the core or of an edge, as Prometheus text",
        examples: ["gedge metrics", "gedge metrics edge/edge-1"],
        operands: [Operand(.resource(["core", "edge"]), placeholder: "core|edge/NAME", isRequired: false)]
    ) { invocation, context in
        let daemon = try DaemonReference(invocation.operands.first)
        if daemon.job != nil { throw CommandError.usage("a job has no metrics of its own; name the core or edge/NAME") }
        return try await CoreClient.with(context) { core in
            let text = try await core.call(TelemetryContract.metrics, MetricsQuery(edge: daemon.edge)).text
            try context.console.printText(text)
            return .success
        }
    }
}
