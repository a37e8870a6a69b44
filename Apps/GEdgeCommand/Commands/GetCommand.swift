import Contracts
import Core

/// `gedge get`: what there is.
enum GetCommand {
    static let command = Command(
        "get", topic: .resources, summary: "list resources, or show one",
        examples: [
            "gedge get edges", "gedge get job/digits -o yaml", "gedge get models -o name", "gedge get jobs --watch",
        ],
        operands: [Operand(.kind), Operand(.text(placeholder: "NAME"), isRequired: false)],
        flags: [
            .output,
            Flag("watch", short: "w", "go on and print what changes, until interrupted"),
        ]
    ) { invocation, context in
        let reference = try ResourceReference(invocation.operands)
        let format = try OutputFormat(invocation)
        return try await CoreClient.with(context) { core in
            let query = ResourceQuery(name: reference.name)
            let list = try await core.call(ResourceContract.get(reference.kind), query)
            if invocation.has("watch") {
                try await watch(reference, first: list, format, core, context.console)
            } else {
                try ResourceOutput(format: format, console: context.console).write(list, reference)
            }
            return .success
        }
    }

    /// Asks again every second and prints the rows that are new or changed.
    private static func watch(
        _ reference: ResourceReference, first: ResourceList, _ format: OutputFormat, _ core: CoreClient,
        _ console: Console
    ) async throws {
        let output = ResourceOutput(format: format, console: console)
        var shown: [String: ResourceRecord] = [:]
        var list = first
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
            list = try await core.call(ResourceContract.get(reference.kind), ResourceQuery(name: reference.name))
        }
    }
}
