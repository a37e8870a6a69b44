import Core
import Placement
import Telemetry

extension PlacementCommand {
    static let alone = Command(
        "placement", "alone", topic: .local,
        summary: "find the fastest place of each job of a batch as if it were alone",
        details: """
            Reads a placebench/1 file, builds an index of its nodes, and asks it for the fastest place of every job alone on the snapshot: no
            other job takes room or flows. The seconds are exact. Told, too: how long the index took to build, and one job to be found.
            """,
        examples: [
            "gedge placement alone --instance batch.json", "gedge placement alone --instance batch.json -o json",
        ],
        flags: [
            Flag("instance", short: "i", .file, "the instance, in the format placebench/1"),
            Flag("anywhere", "let every job that does not go where its data is use all edges"),
            Flag("rounds", .integer, "ask for each job so many times, for the figures on time (default: 1)"),
            Flag(
                "output", short: "o", .choice(["table", "json"], placeholder: "FORMAT"),
                "table or json (default: table)"),
        ]
    ) { invocation, context in
        guard let instance = invocation.text("instance") else {
            throw CommandError.usage("--instance FILE is needed")
        }
        let rounds = try invocation.integer("rounds") ?? 1
        guard rounds >= 1, rounds <= 10_000 else {
            throw CommandError.usage("flag --rounds takes a number from 1 to 10000, not \(rounds)")
        }
        let format = try OutputFormat(invocation)
        var problem = try read(instance)
        if invocation.has("anywhere") {
            let all = Array(0..<problem.edgeCount)
            for job in problem.jobs.indices where problem.jobs[job].kind != .federated { problem.jobs[job].scope = all }
        }
        let report = PlacementAloneReport(problem, rounds: rounds)
        if format == .json {
            try context.console.print(try ResourceOutput.json(report, isPretty: true))
        } else {
            for line in report.lines(problem) { try context.console.print(line) }
        }
        return .success
    }
}
