import Contracts
import Core

/// `gedge get rounds`: what became of a job's rounds.
enum RoundsCommand {
    /// What `gedge get` takes in place of a kind of resource.
    static let word = "rounds"

    /// Which flags of `gedge get` it takes.
    private static let taken: Set<String> = ["output", "limit", "state-dir", "timeout", "no-color"]

    static func get(_ invocation: Invocation, _ context: Context) async throws -> ExitCode {
        guard invocation.operands.count == 2 else {
            throw CommandError.usage("name the job: gedge get rounds job/NAME")
        }
        if let flag = invocation.flags.keys.sorted().first(where: { !taken.contains($0) }) {
            throw CommandError.usage("flag --\(flag) is not for 'gedge get \(word)'")
        }
        let name = try ResourceReference.name(invocation.operands[1], of: .trainingJob)
        let format = try OutputFormat(invocation)
        let limit = try invocation.integer("limit", in: 1...Int(Int32.max))
        return try await CoreClient.with(context) { core in
            let job = try await job(name, core)
            var rounds: [RoundSummary] = []
            let first = limit.map { max(0, job.status.completedRounds - $0) } ?? 0
            try await RoundHistory(core: core).forEach(of: job, after: first) { rounds.append($0) }
            let output = ValueOutput(format: format, console: context.console)
            try output.write(rounds, names: rounds.map { "model/\($0.model)" }) {
                output.lines(columns(rounds), rounds.map { row($0, of: rounds) })
            }
            return .success
        }
    }

    static func job(_ name: String, _ core: CoreClient) async throws -> JobView {
        let list = try await core.call(ResourceContract.get(.trainingJob), ResourceQuery(name: name))
        guard let record = list.items.first else { throw CommandError.notFound("there is no job/\(name)") }
        return try JobView(record)
    }

    /// Only columns that some round has something for.
    private static func columns(_ rounds: [RoundSummary]) -> [String] {
        ["ROUND", "MODEL"] + (rounds.contains { $0.meanReturn != nil } ? ["RETURN"] : ["ACCURACY"])
            + ["LOSS", "EDGES", "SECONDS", "TO EDGES", "FROM EDGES"]
            + (rounds.contains { $0.compression != nil } ? ["OF"] : [])
            + (rounds.contains { $0.privacy != nil } ? ["EPSILON"] : []) + ["WITHOUT"]
    }

    private static func row(_ round: RoundSummary, of rounds: [RoundSummary]) -> [String] {
        let quality =
            rounds.contains { $0.meanReturn != nil }
            ? round.meanReturn.map { NumberText.fixed($0, digits: 2) } : round.accuracy.map(NumberText.percent)
        var cells = [
            "\(round.round)", round.model, quality ?? "-", round.loss.map { NumberText.fixed($0, digits: 4) } ?? "-",
            "\(round.contributors.count)/\(round.contributors.count + round.absent.count)",
            NumberText.fixed(round.seconds, digits: 3), NumberText.bytes(round.bytesToEdges),
            NumberText.bytes(round.bytesFromEdges),
        ]
        if rounds.contains(where: { $0.compression != nil }) {
            cells.append(round.compression.map { NumberText.bytes($0.wholeBytes) } ?? "-")
        }
        if rounds.contains(where: { $0.privacy != nil }) {
            cells.append(round.privacy.map { NumberText.fixed($0.epsilon, digits: 3) } ?? "-")
        }
        let without = round.absent.map(\.edge.text).joined(separator: ",")
        return cells + [without.isEmpty ? "-" : without]
    }
}
