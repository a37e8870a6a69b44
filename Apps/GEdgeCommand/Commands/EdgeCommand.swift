import Contracts
import Core

/// `gedge edge revoke`: shuts an edge out.
enum EdgeCommand {
    static let revoke = Command(
        "edge", "revoke", topic: .edges, summary: "cut an edge off and admit its key no more",
        examples: ["gedge edge revoke edge-1"], operands: [Operand(.edge)]
    ) { invocation, context in
        let text = try ResourceReference.name(invocation.operands[0], of: .edge)
        let name: Name
        do throws(NameError) { name = try Name(text) } catch { throw CommandError.usage(error.message) }
        return try await CoreClient.with(context) { core in
            _ = try await core.call(Enrolment.revoke, RevokeRequest(edge: name))
            try context.console.print("edge/\(name) revoked")
            return .success
        }
    }
}
