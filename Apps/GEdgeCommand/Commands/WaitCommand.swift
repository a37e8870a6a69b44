import Contracts
import Core

/// `gedge wait`: for scripts.
enum WaitCommand {
    static let phases: [ResourceKind: [String]] = [
        .trainingJob: ["running", "paused", "succeeded", "failed", "cancelled", "deleted"],
        .edge: ["ready", "reconnecting", "lost", "left", "revoked", "deleted"],
        .model: ["present", "deleted"],
        .syncPolicy: ["present", "deleted"],
        .dataset: ["ready", "present", "deleted"],
    ]

    static let command = Command(
        "wait", topic: .resources, summary: "return when a resource has reached a phase",
        details: """
            Without --for a job is awaited until it succeeded, an edge or a data set until it is ready, a model or a policy until it
            is present. The exit code is 0 when that happened, 1 when it can no longer happen, 3 when there is no such resource, 5
            when --timeout was over first. An edge or a model that does not exist yet is waited for. Without --timeout the wait has no end.
            """,
        examples: ["gedge wait job/digits --timeout 5m", "gedge wait edge/edge-1 --for lost --timeout 30s"],
        operands: [Operand(.resource(["KIND"])), Operand(.text(placeholder: "NAME"), isRequired: false)],
        flags: [
            Flag(
                "for",
                .choice(
                    [
                        "running", "paused", "succeeded", "failed", "cancelled", "ready", "reconnecting", "lost",
                        "left", "revoked", "present",
                        "deleted",
                    ],
                    placeholder: "PHASE"), "the phase to wait for")
        ]
    ) { invocation, context in
        let (kind, name) = try ResourceReference.named(invocation.operands)
        let known = phases[kind] ?? []
        let goal = invocation.text("for")?.lowercased() ?? defaultGoal(kind)
        guard known.contains(goal) else {
            throw CommandError.usage(
                "\(kind.word)/\(name) is never '\(goal)'; wait for one of \(known.joined(separator: ", "))")
        }
        let limit = context.timeout
        let late = "\(kind.word)/\(name) is not \(goal) after \(NumberText.span(seconds: (limit ?? .zero).seconds))"
        return try await CoreClient.with(context) { core in
            let phase = try await Deadline.run(limit, late) {
                try await wait(for: goal, kind, name, core, context.console)
            }
            try context.console.print("\(kind.word)/\(name) \(phase)")
            return .success
        }
    }

    private static func defaultGoal(_ kind: ResourceKind) -> String {
        switch kind {
        case .trainingJob: "succeeded"
        case .edge, .dataset: "ready"
        case .model, .syncPolicy: "present"
        }
    }

    /// Returns the phase that met the goal.
    private static func wait(
        for goal: String, _ kind: ResourceKind, _ name: String, _ core: CoreClient, _ console: Console
    ) async throws -> String {
        let watch = ResourceWatch(core: core, kind: kind, name: name, patience: .seconds(86_400))
        while true {
            do {
                let phase: String? = try await watch.run(
                    onInterruption: { _ in try console.remark("The core went away; waiting for it.") },
                    { record in
                        let phase = record.status["phase"]?.string ?? ""
                        return try meets(phase, goal, kind, record) ? phase : nil
                    })
                if let phase { return phase }
                if goal == "deleted" { return "deleted" }
                throw CommandError.notFound("\(kind.word)/\(name) was deleted")
            } catch  where ExitCode(error) == .notFound && goal == "deleted" {
                return "deleted"
            } catch  where ExitCode(error) == .notFound && !kind.isUserWritten {
                // The platform may make it yet.
                try await Task.sleep(for: .milliseconds(500))
            }
        }
    }

    /// Whether `phase` is what was waited for, or comes after it.
    /// - Throws: when the goal can no longer be reached.
    private static func meets(
        _ phase: String, _ goal: String, _ kind: ResourceKind, _ record: ResourceRecord
    ) throws -> Bool {
        if goal == "present" || phase.lowercased() == goal { return true }
        guard kind == .trainingJob, goal != "deleted", let reached = JobPhase(rawValue: phase) else { return false }
        if reached == .succeeded, goal == "running" { return true }
        guard reached.isTerminal else { return false }
        let reason = try JobView(record).explanation.map { ": \($0)" } ?? ""
        throw CommandError.failed("job/\(record.metadata.name) \(phase.lowercased())\(reason)")
    }
}
