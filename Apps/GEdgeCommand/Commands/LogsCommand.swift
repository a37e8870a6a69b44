import Contracts
import Core
import MessageBus

/// `gedge logs`: what a daemon wrote.
enum LogsCommand {
    static let command = Command(
        "logs", topic: .observation, summary: "print the log of the core, of an edge, or about a job",
        examples: ["gedge logs --tail 20", "gedge logs edge/edge-1 --follow", "gedge logs job/digits -o json"],
        operands: [
            Operand(.resource(["core", "edge", "job"]), placeholder: "core|edge/NAME|job/NAME", isRequired: false)
        ],
        flags: [
            Flag("tail", .text(placeholder: "N"), "the last N lines, or 'all' (default: 100)"),
            Flag("follow", "stay and print lines as they are written"),
            Flag(
                "output", short: "o", .choice(["text", "json"], placeholder: "FORMAT"),
                "text, or json as in the log file"),
        ]
    ) { invocation, context in
        let daemon = try DaemonReference(invocation.operands.first)
        let tail = invocation.text("tail") == "all" ? nil : try invocation.integer("tail", in: 1...10_000_000) ?? 100
        let query = LogQuery(edge: daemon.edge, job: daemon.job, tail: tail, follow: invocation.has("follow"))
        let text = LogText(palette: context.console.palette)
        let isRaw = invocation.text("output")?.lowercased() == "json"
        return try await CoreClient.with(context) { core in
            for try await line in try await core.stream(TelemetryContract.logs, query) {
                try context.console.print(isRaw ? line.body.text : text.line(line.body.text))
            }
            return .success
        }
    }
}
