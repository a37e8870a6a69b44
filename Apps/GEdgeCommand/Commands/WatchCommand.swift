import Contracts
import Core

/// `gedge watch`: a job's rounds as they come, or any other resource's changes.
enum WatchCommand {
    static let command = Command(
        "watch", topic: .resources, summary: "follow one resource live",
        details: """
            A job is drawn live on a terminal: a bar of its rounds, and a line for each finished round. Elsewhere each finished
            round is one line of key=value words. The command ends with the job: exit code 0 when it succeeded, 1 when it failed. Any
            other resource is printed again after every change, until it is deleted or the command interrupted. With -o json every
            change is the whole resource on one line, a job with its newest rounds.
            """,
        examples: ["gedge watch job/digits", "gedge watch edge/edge-1 -o json"],
        operands: [Operand(.resource(["KIND"])), Operand(.text(placeholder: "NAME"), isRequired: false)],
        flags: [
            Flag(
                "output", short: "o", .choice(["table", "json"], placeholder: "FORMAT"),
                "table or json (default: table)")
        ]
    ) { invocation, context in
        let (kind, name) = try ResourceReference.named(invocation.operands)
        let isJSON = try OutputFormat(invocation) == .json
        let console = context.console
        let late = "gave up watching \(kind.word)/\(name)"
        return try await CoreClient.with(context) { core in
            try await Deadline.run(context.timeout, late) {
                let watch = ResourceWatch(core: core, kind: kind, name: name)
                if isJSON { return try await printJSON(watch, console) }
                guard kind == .trainingJob else { return try await printRows(watch, core, console) }
                return console.canRedraw
                    ? try await LiveJob(watch: watch, console: console).run()
                    : try await printRounds(watch, core, console)
            }
        }
    }

    private static func printJSON(_ watch: ResourceWatch, _ console: Console) async throws -> ExitCode {
        let end: ExitCode? = try await watch.run { record in
            try console.print(try ResourceOutput.json(record, isPretty: false))
            guard record.kind == .trainingJob else { return nil }
            return exitCode(of: try JobView(record))
        }
        return try end ?? deleted(watch)
    }

    private static func printRows(
        _ watch: ResourceWatch, _ core: CoreClient, _ console: Console
    ) async throws -> ExitCode {
        let output = ResourceOutput(format: .table, console: console)
        var isFirst = true
        let end: ExitCode? = try await watch.run { _ in
            let list = try await core.call(ResourceContract.get(watch.kind), ResourceQuery(name: watch.name))
            try output.writeRows(list, showsHeadings: isFirst)
            isFirst = false
            return nil
        }
        return try end ?? deleted(watch)
    }

    private static func printRounds(
        _ watch: ResourceWatch, _ core: CoreClient, _ console: Console
    ) async throws -> ExitCode {
        var shown = 0
        let end: JobView? = try await watch.run { record in
            let job = try JobView(record)
            try await RoundHistory(core: core).forEach(of: job, after: shown) { round in
                try console.print(RoundLine.words(round, job: job.name, of: job.rounds))
                shown = round.round
            }
            return job.status.phase.isTerminal ? job : nil
        }
        guard let job = end else { return try deleted(watch) }
        guard job.status.phase == .succeeded else {
            throw CommandError.failed("job/\(job.name) failed: \(job.explanation ?? "no reason given")")
        }
        return .success
    }

    private static func exitCode(of job: JobView) -> ExitCode? {
        guard job.status.phase.isTerminal else { return nil }
        return job.status.phase == .succeeded ? .success : .failed
    }

    private static func deleted(_ watch: ResourceWatch) throws -> ExitCode {
        throw CommandError.notFound("\(watch.kind.word)/\(watch.name) was deleted")
    }
}
