import Contracts
import Core

/// `gedge job`: holds jobs back, lets them go on, ends them.
enum JobCommand {
    static let commands = [
        command(
            .pause, summary: "hold a job back", past: "paused",
            details: """
                At once: what its edges are training is lost and trained again later; updates that were counted stay. Its edges are free
                for other jobs meanwhile. The job stays paused when the core restarts.
                """),
        command(
            .resume, summary: "let a paused job go on", past: "resumed",
            details: "From where it was: its models become the same, bit for bit, as if nobody had paused it."),
        command(
            .cancel, summary: "end a job before its last round", past: "cancelled",
            details: "Its models stay. Applied again, it goes on from its last committed round."),
    ]

    private static func command(
        _ action: JobControl.Action, summary: String, past: String, details: String
    ) -> Command {
        Command(
            "job", action.rawValue, topic: .resources, summary: summary, details: details,
            examples: ["gedge job \(action.rawValue) digits"], operands: [Operand(.resource(["job"]))]
        ) { invocation, context in
            let text = try ResourceReference.name(invocation.operands[0], of: .trainingJob)
            let name: Name
            do throws(NameError) { name = try Name(text) } catch { throw CommandError.usage(error.message) }
            return try await CoreClient.with(context) { core in
                _ = try await core.call(FedLearnContract.control, JobControl(job: name, action: action))
                try context.console.print("job/\(name) \(past)")
                return .success
            }
        }
    }
}
