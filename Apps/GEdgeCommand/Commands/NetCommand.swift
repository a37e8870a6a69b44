import Contracts
import Core
import MessageBus
import Telemetry

/// `gedge net test`: what a link carries, measured with traffic made for it.
enum NetCommand {
    private static let standardSizes = "1KB,10KB,100KB,1MB,10MB,100MB"

    static let test = Command(
        "net", "test", topic: .observation, summary: "measure the link between the core and an edge",
        details: """
            Measures round trips of small messages one after the other, then transfers of each size in both directions, through the
            platform's own encrypted connections. Each size is measured for about a second, at most 20 times; one that would take
            longer than 30 seconds is left out. While it runs the link is busy. What it finds is kept as the link's estimate.
            """,
        examples: [
            "gedge net test edge-1", "gedge net test edge-1 --sizes 1MB,100MB --flows 4",
            "gedge net test edge-1 --count 1000 --sizes none -o json",
        ],
        operands: [Operand(.edge)],
        flags: [
            Flag("count", .integer, "round trips to measure (default: 100)"),
            Flag(
                "sizes", .text(placeholder: "SIZE,..."),
                "bytes of the transfers, or none (default: \(standardSizes))"),
            Flag("flows", .integer, "transfers at the same time (default: 1)"),
            Flag(
                "lane", .choice(["bulk", "model"], placeholder: "LANE"),
                "what they travel as: bulk or model (default: bulk)"),
            Flag("limit", .text(placeholder: "SIZE"), "the most bytes to send in all (default: 1GB)"),
            Flag(
                "output", short: "o", .choice(["table", "json", "yaml"], placeholder: "FORMAT"),
                "table, json or yaml (default: table)"),
        ]
    ) { invocation, context in
        let request = try request(invocation)
        let format = try OutputFormat(invocation)
        let late = "the test of the link to \(request.edge) was not over in time"
        return try await CoreClient.with(context) { core in
            try await Deadline.run(context.timeout, late) {
                let report = try await run(request, core, context.console)
                let output = ValueOutput(format: format, console: context.console)
                try output.write(report, names: []) { report.lines(output) }
                return .success
            }
        }
    }

    private static func request(_ invocation: Invocation) throws -> NetTestRequest {
        let text = try ResourceReference.name(invocation.operands[0], of: .edge)
        let edge: Name
        do throws(NameError) { edge = try Name(text) } catch { throw CommandError.usage(error.message) }
        let limit = invocation.text("limit") ?? "1GB"
        guard let bytes = ByteCount(limit)?.bytes else {
            throw CommandError.usage("flag --limit takes a size such as 500MB, not '\(limit)'")
        }
        return NetTestRequest(
            edge: edge, roundTrips: try invocation.integer("count", in: 0...10_000) ?? 100,
            sizes: try sizes(invocation.text("sizes") ?? standardSizes),
            flows: try invocation.integer("flows", in: 1...16) ?? 1,
            lane: invocation.text("lane")?.lowercased() == "model" ? .model : .bulk, byteLimit: bytes)
    }

    private static func sizes(_ text: String) throws -> [Int] {
        if text == "none" { return [] }
        let words = text.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
        guard words.count <= 16 else { throw CommandError.usage("flag --sizes takes at most 16 sizes") }
        return try words.map { word in
            guard let size = ByteCount(word)?.bytes, (1...NetSourceRequest.maximumBytes).contains(size) else {
                throw CommandError.usage("flag --sizes takes sizes of 1B to 1GiB such as 1KB,10MB, not '\(word)'")
            }
            return size
        }
    }

    private static func run(
        _ request: NetTestRequest, _ core: CoreClient, _ console: Console
    ) async throws -> NetTestReport {
        var report = NetTestReport(request)
        var display = ProgressDisplay(request.edge.text, unit: .items("steps"), console: console)
        var total = 0
        for try await item in try await core.stream(TopologyContract.netTest, request) {
            if let progress = item.body.progress {
                total = progress.total
                try display.show(done: progress.done, total: total, note: TextWidth.printable(progress.step))
            }
            report.take(item.body)
        }
        if total > 0 { try display.show(done: total, total: total, isLast: true) }
        return report
    }
}
