import Contracts

/// `gedge explain`: the documentation of a kind and its fields, and why jobs run where they do.
enum ExplainCommand {
    static let command = Command(
        "explain", topic: .resources,
        summary: "document a kind of resource or a field, or say why a job runs where it does",
        details: """
            explain placement/JOB shows every edge with what a round there is made of, or why it cannot take part, and what was predicted
            beside what happened. explain placement shows what all jobs hold. --output is for these two.
            """,
        examples: ["gedge explain job.spec.rounds", "gedge explain placement/digits", "gedge explain placement"],
        operands: [Operand(.kind, placeholder: "KIND[.PATH]|placement[/JOB]")], flags: [.output]
    ) { invocation, context in
        if let words = placementWords(invocation.operands[0]) {
            let output = ValueOutput(format: try OutputFormat(invocation), console: context.console)
            return try await CoreClient.with(context) { core in
                if let job = words.first {
                    try await explainPlacement(of: job, core, output)
                } else {
                    try await explainReservations(core, output)
                }
                return .success
            }
        }
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
