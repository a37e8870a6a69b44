import Contracts
import Core
import MessageBus

/// `gedge archive`: the core's copy in an object store.
enum ArchiveCommand {
    static let commands = [list, verify, restore]

    static let list = Command(
        "archive", "ls", topic: .data, summary: "list what the core has copied to its object store",
        examples: ["gedge archive ls", "gedge archive ls -o json"], flags: [.output]
    ) { invocation, context in
        let output = ValueOutput(format: try OutputFormat(invocation), console: context.console)
        return try await CoreClient.with(context) { core in
            let reply = try await core.call(DataSyncContract.archive, ArchiveQuery())
            try output.write(reply, names: reply.manifests.map(\.manifest.hex)) {
                output.lines(
                    ["MANIFEST", "HERE", "KEPT FOR"],
                    reply.manifests.map { entry in
                        let more = entry.references.count > 1 ? " and \(entry.references.count - 1) more" : ""
                        return [
                            String(entry.manifest.hex.prefix(12)), entry.isHere ? "yes" : "no",
                            (entry.references.first ?? "-") + more,
                        ]
                    })
            }
            if let failure = reply.failure { try context.console.remark("The last copy failed: \(failure.message)") }
            try context.console.remark("\(reply.archive): \(reply.manifests.count) archived, \(reply.waiting) waiting.")
            return .success
        }
    }

    static let verify = Command(
        "archive", "verify", topic: .data, summary: "read and hash what the object store has of a manifest",
        details: """
            The exit code is 1 when something is damaged there and was not repaired.
            """,
        examples: ["gedge archive verify 3fa4c2", "gedge archive verify 3fa4c2 --repair"],
        operands: [Operand(.text(placeholder: "MANIFEST"))],
        flags: [Flag("repair", "send what is damaged once more, from the core's own shards"), .output]
    ) { invocation, context in
        let output = ValueOutput(format: try OutputFormat(invocation), console: context.console)
        return try await CoreClient.with(context) { core in
            let digest = try await manifest(invocation.operands[0], core)
            let request = ArchiveVerifyRequest(manifest: digest, repairs: invocation.has("repair"))
            let last = try await follow(
                try await core.stream(DataSyncContract.archiveVerify, request), String(digest.hex.prefix(12)), context)
            try output.write(last, names: last.damaged.map(\.hex)) {
                last.damaged.map { "\(last.lost.contains($0) ? "damaged" : "repaired"): \($0)" }
                    + ["\(NumberText.bytes(last.doneBytes)) checked, \(last.damaged.count) damaged"]
            }
            return last.lost.isEmpty ? .success : .failed
        }
    }

    static let restore = Command(
        "archive", "restore", topic: .data, summary: "bring a manifest with its shards back from the object store",
        details: """
            What the core knows and has lost comes back by itself. This is for what it never had, or has released. It must be signed by
            this core's key, or by one that it knows. A core that lost its keys with its disk has a new one: name the old with --signer
            (it is in the archive, in signatures/MANIFEST; believe it only if nobody else could write there).
            """,
        examples: ["gedge archive restore 3fa4c2 --reference restored/digits"],
        operands: [Operand(.text(placeholder: "MANIFEST"))],
        flags: [
            Flag(
                "reference", .text(placeholder: "NAME"),
                "what it is kept for from now on (default: restored/ and its digest)"),
            Flag("signer", .text(placeholder: "KEY"), "an earlier signing key of this core's, which it lost"), .output,
        ]
    ) { invocation, context in
        let output = ValueOutput(format: try OutputFormat(invocation), console: context.console)
        return try await CoreClient.with(context) { core in
            let digest = try await manifest(invocation.operands[0], core)
            let reference = invocation.text("reference") ?? "restored/\(digest.hex)"
            let last = try await follow(
                try await core.stream(
                    DataSyncContract.archiveRestore,
                    ArchiveRestoreRequest(
                        manifest: digest, reference: reference, signer: invocation.text("signer"))),
                String(digest.hex.prefix(12)), context)
            try output.write(last, names: [digest.hex]) {
                ["\(digest) restored: \(NumberText.bytes(last.totalBytes)), kept for '\(reference)'"]
            }
            return .success
        }
    }

    /// The archived manifest whose digest begins with `word`.
    private static func manifest(_ word: String, _ core: CoreClient) async throws -> Digest {
        if let digest = Digest(hex: word) { return digest }
        guard word.utf8.count >= 4 else { throw CommandError.usage("give at least 4 digits of the manifest's digest") }
        let found = try await core.call(DataSyncContract.archive, ArchiveQuery()).manifests.map(\.manifest)
            .filter { $0.hex.hasPrefix(word) }
        guard let digest = found.first else {
            throw CommandError.notFound("no archived manifest begins with '\(word)'")
        }
        guard found.count == 1 else {
            throw CommandError.usage("\(found.count) archived manifests begin with '\(word)'; give more digits")
        }
        return digest
    }

    private static func follow(
        _ items: InboundStream<ArchiveProgress>, _ name: String, _ context: Context
    ) async throws -> ArchiveProgress {
        var display = ProgressDisplay(name, console: context.console)
        var last: ArchiveProgress?
        for try await item in items {
            last = item.body
            try display.show(
                done: item.body.doneBytes, total: item.body.totalBytes, note: "", isLast: item.body.isDone)
        }
        guard let last, last.isDone else {
            throw CommandError("interrupted", "the core ended before it was done; again")
        }
        return last
    }
}
