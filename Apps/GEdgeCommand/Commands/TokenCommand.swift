import Contracts
import Core

/// `gedge token create`: lets one new edge join.
enum TokenCommand {
    static let create = Command(
        "token", "create", topic: .edges, summary: "make a token with which one new edge joins, once",
        details: "The token is a secret until it is used: keep it in a file (-o) rather than in a shell's history.",
        examples: ["gedge token create --edge edge-1 -o edge-1.token", "gedge token create --lifetime 10m"],
        flags: [
            Flag("edge", .text(placeholder: "NAME"), "the name the edge will have (default: the edge proposes one)"),
            Flag("lifetime", .duration, "how long the token can be used (default: 1h)"),
            Flag("output", short: "o", .file, "write the token to this file, readable by you alone"),
        ]
    ) { invocation, context in
        let edge: Name?
        do throws(NameError) {
            edge = try invocation.text("edge").map { text throws(NameError) in try Name(text) }
        } catch {
            throw CommandError.usage(error.message)
        }
        let lifetime = try invocation.duration("lifetime") ?? .seconds(3600)
        guard lifetime >= .seconds(1) else { throw CommandError.usage("flag --lifetime takes at least 1s") }
        let request = TokenRequest(edge: edge, lifetimeSeconds: Int(lifetime.milliseconds / 1000))
        return try await CoreClient.with(context) { core in
            let reply = try await core.call(Enrolment.createToken, request)
            if let file = invocation.text("output") {
                try FileText.replace(file, with: reply.token + "\n", mode: 0o600)
                try context.console.remark("Written to \(file); good once, until \(reply.expires).")
            } else {
                try context.console.print(reply.token)
                try context.console.remark("Good once, until \(reply.expires): edge-cloud --join TOKEN --core ADDRESS")
            }
            return .success
        }
    }
}
