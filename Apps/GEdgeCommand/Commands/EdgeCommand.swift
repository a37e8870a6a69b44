import Contracts
import Core

/// `gedge edge`: keeps work off an edge, or shuts it out.
enum EdgeCommand {
    static let commands = [
        command(
            .cordon, summary: "keep new work off an edge", past: "cordoned",
            details: """
                No new job is placed on the edge; those that run there go on. The edge stays cordoned when it joins again and when
                the core restarts.
                """),
        command(
            .drain, summary: "keep new work off an edge, and take away what runs there", past: "draining",
            details: """
                As cordon; jobs that run there go on elsewhere from their next round, as far as they may run elsewhere. Uncordon ends
                it.
                """),
        command(.uncordon, summary: "let work on an edge again", past: "uncordoned", details: ""),
        revoke,
    ]

    private static let revoke = Command(
        "edge", "revoke", topic: .edges, summary: "cut an edge off and admit its key no more",
        examples: ["gedge edge revoke edge-1"], operands: [Operand(.edge)]
    ) { invocation, context in
        let name = try edge(invocation)
        return try await CoreClient.with(context) { core in
            _ = try await core.call(Enrolment.revoke, RevokeRequest(edge: name))
            try context.console.print("edge/\(name) revoked")
            return .success
        }
    }

    private static func command(
        _ action: CordonRequest.Action, summary: String, past: String, details: String
    ) -> Command {
        Command(
            "edge", action.rawValue, topic: .edges, summary: summary, details: details,
            examples: ["gedge edge \(action.rawValue) edge-1"], operands: [Operand(.edge)]
        ) { invocation, context in
            let name = try edge(invocation)
            return try await CoreClient.with(context) { core in
                _ = try await core.call(TopologyContract.cordon, CordonRequest(edge: name, action: action))
                try context.console.print("edge/\(name) \(past)")
                return .success
            }
        }
    }

    /// The edge that the first operand names, as `NAME` or `edge/NAME`.
    static func edge(_ invocation: Invocation) throws -> Name {
        let text = try ResourceReference.name(invocation.operands[0], of: .edge)
        do throws(NameError) { return try Name(text) } catch { throw CommandError.usage(error.message) }
    }
}
