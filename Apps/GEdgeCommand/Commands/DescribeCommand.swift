import Contracts

/// `gedge describe`: everything about one resource, for a person.
enum DescribeCommand {
    static let command = Command(
        "describe", topic: .resources, summary: "explain one resource and its state in words",
        examples: ["gedge describe job/digits", "gedge describe edge edge-1"],
        operands: [Operand(.resource(["KIND"])), Operand(.text(placeholder: "NAME"), isRequired: false)]
    ) { invocation, context in
        let (kind, name) = try ResourceReference.named(invocation.operands)
        return try await CoreClient.with(context) { core in
            let text = try await core.call(ResourceContract.describe(kind), ResourceName(name: name)).text
            try context.console.printText(text)
            return .success
        }
    }
}
