import Contracts
import Core

/// `gedge report`: a job's outcome in figures.
enum ReportCommand {
    static let command = Command(
        "report", topic: .resources, summary: "print a job's outcome in figures, as JSON",
        examples: ["gedge report job/digits", "gedge report job/digits -o report.json"],
        operands: [Operand(.resource(["job"]))],
        flags: [Flag("output", short: "o", .file, "write to this file")]
    ) { invocation, context in
        let name = try ResourceReference.name(invocation.operands[0], of: .trainingJob)
        return try await CoreClient.with(context) { core in
            let list = try await core.call(ResourceContract.get(.trainingJob), ResourceQuery(name: name))
            guard let record = list.items.first else { throw CommandError.notFound("there is no job/\(name)") }
            let text = try ResourceOutput.json(JobReport(record), isPretty: true)
            if let file = invocation.text("output") {
                try FileText.replace(file, with: text + "\n", mode: 0o644)
                try context.console.remark("Written to \(file).")
            } else {
                try context.console.print(text)
            }
            return .success
        }
    }
}
