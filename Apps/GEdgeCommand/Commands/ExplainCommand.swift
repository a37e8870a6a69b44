import Contracts

/// `gedge explain`: the documentation of a kind and its fields.
enum ExplainCommand {
    static let command = Command(
        "explain", topic: .resources, summary: "document a kind of resource, or one of its fields",
        examples: ["gedge explain job", "gedge explain job.spec.rounds"],
        operands: [Operand(.kind, placeholder: "KIND[.PATH]")]
    ) { invocation, context in
        let words = invocation.operands[0].split(separator: ".", omittingEmptySubsequences: false).map(String.init)
        let kind = try ResourceReference.kind(words[0])
        if words.contains("") {
            throw CommandError.usage("'\(invocation.operands[0])' has an empty name between its dots")
        }
        return try await CoreClient.with(context) { core in
            let request = ExplainRequest(path: Array(words.dropFirst()))
            try context.console.printText(try await core.call(ResourceContract.explain(kind), request).text)
            return .success
        }
    }
}
