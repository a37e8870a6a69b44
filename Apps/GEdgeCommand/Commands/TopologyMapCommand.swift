import Contracts
import Core

/// `gedge get topology` and `gedge topology graph`: who is there and how they reach each other.
enum TopologyMapCommand {
    /// What `gedge get` takes in place of a kind of resource.
    static let word = "topology"

    // MARK: gedge get topology

    /// Which flags of `gedge get` it takes.
    private static let taken: Set<String> = ["output", "machines", "state-dir", "timeout", "no-color"]

    static func get(_ invocation: Invocation, _ context: Context) async throws -> ExitCode {
        if invocation.operands.count > 1 {
            throw CommandError.usage(
                "'\(invocation.operands[1])' is one word too many after \(word); there is one topology")
        }
        if let flag = invocation.flags.keys.sorted().first(where: { !taken.contains($0) }) {
            throw CommandError.usage("flag --\(flag) is not for 'gedge get \(word)'")
        }
        let format = invocation.has("output") ? try OutputFormat(invocation) : nil
        let showsMachines = invocation.has("machines")
        return try await CoreClient.with(context) { core in
            let snapshot = try await core.topology()
            let view = TopologyView(snapshot)
            guard let format else {
                let tree = TopologyTree(palette: context.console.palette, showsMachines: showsMachines)
                for line in tree.lines(view) { try context.console.print(line) }
                return .success
            }
            let output = ValueOutput(format: format, console: context.console)
            try output.write(snapshot, names: view.edges.map { "edge/\($0.site.name)" }) {
                output.lines(columns, view.edges.map { row($0, at: view.time) })
            }
            return .success
        }
    }

    private static let columns = [
        "EDGE", "PHASE", "THREADS", "MEMORY", "GPUS", "RTT", "TO", "FROM", "LOSS", "COST/GB", "MEASURED",
    ]

    private static func row(_ edge: TopologyView.Edge, at now: Timestamp) -> [String] {
        let (hardware, link) = (edge.site.report.hardware, edge.link)
        let age = link?.measured == nil ? "never" : LinkText.age(of: link?.measured, at: now)
        return [
            edge.site.name.text, edge.phase, String(hardware.threads), NumberText.bytes(Int(clamping: hardware.memory)),
            String(edge.gpus), link?.roundTripSeconds.map(LinkText.time) ?? "-",
            edge.down?.bytesPerSecond.map(LinkText.rate) ?? "-", edge.up?.bytesPerSecond.map(LinkText.rate) ?? "-",
            link?.loss.map(LinkText.share) ?? "-",
            link?.costPerGigabyte.map { NumberText.fixed($0, digits: 2) } ?? "-",
            age + (edge.isStale && link?.measured != nil ? " (stale)" : ""),
        ]
    }

    // MARK: gedge topology graph

    static let graph = Command(
        "topology", "graph", topic: .observation, summary: "draw a map of the core, its edges and their links",
        details: """
            The file's ending says what is written: .svg is a picture that any browser opens, .dot is text for Graphviz. A link's
            label says its round trip and what one transfer gets in each direction; the wider it is drawn the more it carries. What
            was measured too long ago to rely on is dashed.
            """,
        examples: ["gedge topology graph -o map.svg", "gedge topology graph -o map.dot"],
        flags: [
            Flag("output", short: "o", .file, "the file to write: FILE.svg, FILE.dot, or - for SVG on standard output")
        ]
    ) { invocation, context in
        guard let path = invocation.text("output") else { throw CommandError.usage("--output FILE is needed") }
        let isDot = path.hasSuffix(".dot")
        guard isDot || path.hasSuffix(".svg") || path == "-" else {
            throw CommandError.usage("--output takes a file that ends in .svg or .dot, or -, not '\(path)'")
        }
        // Opened first: whoever cannot write there learns it before the core is asked.
        let file = path == "-" ? nil : try ReplacedFile(path, mode: 0o644)
        let snapshot = try await CoreClient.with(context) { try await $0.topology() }
        let view = TopologyView(snapshot)
        let text = isDot ? DotMap.text(view) : SVGMap(view).text
        guard let file else {
            try context.console.output.write(text)
            return .success
        }
        try file.write(text)
        try file.finish()
        try context.console.remark("\(path): \(view.summary)")
        return .success
    }
}
