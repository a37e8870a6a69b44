import Contracts

/// `gedge describe`: everything about one resource, for a person.
enum DescribeCommand {
    static let command = Command(
        "describe", topic: .resources, summary: "explain one resource and its state in words",
        details:
            "A round is described by its model: what it started from, what it took, and what each edge had to do with it.",
        examples: [
            "gedge describe job/digits", "gedge describe edge edge-1", "gedge describe round demo/digits/20",
        ],
        operands: [Operand(.resource(["KIND"])), Operand(.text(placeholder: "NAME"), isRequired: false)]
    ) { invocation, context in
        var words = invocation.operands
        // A round and its model are one.
        if words[0] == "round" || words[0].hasPrefix("round/") {
            words[0] = ResourceKind.model.word + words[0].dropFirst("round".count)
        }
        let (kind, name) = try ResourceReference.named(words)
        return try await CoreClient.with(context) { core in
            let text = try await core.call(ResourceContract.describe(kind), ResourceName(name: name)).text
            try context.console.printText(text)
            return .success
        }
    }
}
