import Contracts

/// `gedge delete`: removes resources.
enum DeleteCommand {
    static let command = Command(
        "delete", topic: .resources, summary: "remove resources",
        examples: ["gedge delete job/digits", "gedge delete job/first job/second"],
        operands: [
            Operand(.resource(["KIND"])), Operand(.text(placeholder: "NAME"), isRequired: false, isRepeatable: true),
        ]
    ) { invocation, context in
        let words = invocation.operands
        // `job a` names one; `job/a job/b` names several.
        let groups = words[0].contains("/") ? words.map { [$0] } : [words]
        var targets: [(kind: ResourceKind, name: String)] = []
        for group in groups {
            if group.count > 2 {
                throw CommandError.usage("name several as \(group[0])/\(group[1]) \(group[0])/\(group[2])")
            }
            targets.append(try ResourceReference.named(group))
        }
        let chosen = targets
        return try await CoreClient.with(context) { core in
            for (kind, name) in chosen {
                _ = try await core.call(ResourceContract.delete(kind), ResourceName(name: name))
                try context.console.print("\(kind.word)/\(name) deleted")
            }
            return .success
        }
    }
}
