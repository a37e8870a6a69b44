import Contracts
import Core

/// `gedge get`: what there is.
enum GetCommand {
    static let command = Command(
        "get", topic: .resources, summary: "list resources, or show one",
        details: """
            Models are listed job by job, the newest round first. A list of jobs leaves their rounds out; get job/NAME -o json or
            -o yaml has them all, and 'gedge get rounds job/NAME' lists them, with --limit the newest. 'gedge get topology' draws the core, its edges and their links as a tree, and knows -o as well.
            """,
        examples: [
            "gedge get edges", "gedge get job/digits -o yaml", "gedge get models --project demo/digits --limit 5",
            "gedge get jobs --watch", "gedge get rounds job/digits --limit 10", "gedge get topology --machines",
        ],
        operands: [Operand(.kind), Operand(.text(placeholder: "NAME"), isRequired: false)],
        flags: [
            .output,
            Flag(
                "project", .text(placeholder: "GROUP[/PROJECT]"), "only what belongs to this group, or project of it"),
            Flag("limit", .integer, "at most N, the first of the list"),
            Flag("watch", short: "w", "go on and print what changes, until interrupted"),
            Flag("machines", "with topology: the inside of each machine, too"),
        ]
    ) { invocation, context in
        if invocation.operands.first == TopologyMapCommand.word {
            return try await TopologyMapCommand.get(invocation, context)
        }
        if invocation.operands.first == RoundsCommand.word { return try await RoundsCommand.get(invocation, context) }
        if invocation.has("machines") { throw CommandError.usage("--machines goes with 'gedge get topology'") }
        let reference = try ResourceReference(invocation.operands)
        let query = try query(reference, invocation)
        let format = try OutputFormat(invocation)
        let limit = try invocation.integer("limit", in: 1...Int(Int32.max))
        return try await CoreClient.with(context) { core in
            if invocation.has("watch") {
                try await watch(reference, query, limit: limit, format, core, context.console)
            } else if reference.name != nil {
                var list = try await core.call(ResourceContract.get(reference.kind), query)
                if reference.kind == .trainingJob, format == .json || format == .yaml {
                    for (index, record) in list.items.enumerated() {
                        list.items[index] = try await RoundHistory(core: core).completed(record)
                    }
                }
                try ResourceOutput(format: format, console: context.console).writeRows(
                    list, showsHeadings: true, isPretty: true)
            } else {
                var writer = ListWriter(kind: reference.kind, format: format, console: context.console)
                try await core.forEachPage(of: reference.kind, query, limit: limit) { try writer.write($0) }
                try writer.finish()
            }
            return .success
        }
    }

    private static func query(_ reference: ResourceReference, _ invocation: Invocation) throws -> ResourceQuery {
        guard let text = invocation.text("project") else { return ResourceQuery(name: reference.name) }
        if let name = reference.name {
            throw CommandError.usage("--project selects among many; \(reference.kind.word)/\(name) is one")
        }
        if reference.kind == .edge { throw CommandError.usage("an edge belongs to no project") }
        let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        do {
            return ResourceQuery(group: try Name(parts[0]), project: parts.count > 1 ? try Name(parts[1]) : nil)
        } catch {
            throw CommandError.usage("flag --project takes GROUP or GROUP/PROJECT, not '\(text)': \(error.message)")
        }
    }

    /// Asks again every second and prints the rows that are new or changed.
    private static func watch(
        _ reference: ResourceReference, _ query: ResourceQuery, limit: Int?, _ format: OutputFormat,
        _ core: CoreClient, _ console: Console
    ) async throws {
        let output = ResourceOutput(format: format, console: console)
        var shown: [String: ResourceRecord] = [:]
        var list = try await core.list(reference.kind, query, limit: limit)
        var isFirst = true
        while true {
            let names = Set(list.items.map(\.metadata.name))
            for name in shown.keys.sorted() where !names.contains(name) {
                try console.remark("\(reference.kind.word)/\(name) is gone")
            }
            if !list.items.isEmpty {
                try output.writeRows(list, showsHeadings: isFirst) { shown[$0.metadata.name] != $0 }
                isFirst = false
            }
            shown = Dictionary(list.items.map { ($0.metadata.name, $0) }, uniquingKeysWith: { $1 })
            try await Task.sleep(for: .seconds(1))
            list = try await core.list(reference.kind, query, limit: limit)
        }
    }
}
