import Contracts
import Core

/// `gedge apply`: makes resources be as files say.
enum ApplyCommand {
    static let command = Command(
        "apply", topic: .resources, summary: "create or change the resources that files describe",
        details: """
            A file holds one or more YAML documents, or JSON. Every document of every file is checked by the core before the
            first one is applied: when one is wrong, nothing changes.
            """,
        examples: ["gedge apply -f job.yaml", "gedge apply -f - --dry-run < jobs.yaml"],
        flags: [
            Flag("file", short: "f", .file, isRepeatable: true, "read this file; - is standard input"),
            Flag("dry-run", "check everything and change nothing"),
        ]
    ) { invocation, context in
        let files = invocation.texts("file")
        if files.isEmpty { throw CommandError.usage("name the file to apply: gedge apply -f FILE") }
        let documents = try ResourceDocument.read(files, host: context.host)
        return try await CoreClient.with(context) { core in
            let outcomes = try await check(documents, core, context.console)
            if invocation.has("dry-run") {
                for outcome in outcomes {
                    try context.console.print("\(outcome.text) (dry run)")
                    for note in outcome.notes { try context.console.print("  \(note)") }
                }
            } else {
                try await apply(documents, core, context.console)
            }
            return .success
        }
    }

    /// Has every document checked and tells of each its first fault, so that a person mends them all at once.
    /// - Returns: what applying would do, for each document.
    /// - Throws: unless all are right.
    private static func check(
        _ documents: [ResourceDocument], _ core: CoreClient, _ console: Console
    ) async throws -> [(text: String, notes: [String])] {
        var faults: [any Error] = []
        var outcomes: [(text: String, notes: [String])] = []
        for document in documents {
            do {
                let reply = try await core.call(ResourceContract.apply(document.kind), document.request(isDryRun: true))
                let text = "\(document.kind.word)/\(reply.name) \(reply.outcome.rawValue)"
                outcomes.append((text, reply.notes ?? []))
            } catch {
                // A core that is gone will not answer for the other documents either.
                if ExitCode(error) == .unreachable || ExitCode(error) == .timedOut { throw error }
                faults.append(error)
            }
        }
        guard let first = faults.first else { return outcomes }
        if documents.count == 1 { throw first }
        for fault in faults { console.complain(fault) }
        throw CommandError.failed("\(faults.count) of \(documents.count) documents are wrong; nothing was applied")
    }

    private static func apply(_ documents: [ResourceDocument], _ core: CoreClient, _ console: Console) async throws {
        for (index, document) in documents.enumerated() {
            do {
                let reply = try await core.call(
                    ResourceContract.apply(document.kind), document.request(isDryRun: false))
                try console.print("\(document.kind.word)/\(reply.name) \(reply.outcome.rawValue)")
            } catch {
                if index == 0 { throw error }
                // Every document was right a moment ago: the core went away, or somebody else changed something.
                throw CommandError(
                    Failure(error).code,
                    "the first \(index) of \(documents.count) documents were applied, those from \(document.place) on were "
                        + "not; apply the same files again when this is mended", cause: error)
            }
        }
    }
}
