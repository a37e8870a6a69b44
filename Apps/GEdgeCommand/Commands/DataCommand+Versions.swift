import Contracts
import Core
import Glibc
import MessageBus

/// `gedge data put|ls|rm|pin|verify`: data sets with versions, kept by the core.
extension DataCommand {
    static let stored = [put, append, seal, get, list, prefetch, remove, pin, verify]

    static let put = Command(
        "data", "put", topic: .data, summary: "store a file or a directory as a new version of a data set",
        details: """
            The core reads PATH itself, with its own rights; command line and core share a machine. What is stored already, in whichever
            version or data set, is not stored again. Nothing changes when the newest version is the same.
            """,
        examples: [
            "gedge data put shares/ demo/digits/train",
            "gedge data put model.safetensors demo/zoo/base --artefact model --pin",
        ],
        operands: [Operand(.file, placeholder: "PATH"), Operand(.text(placeholder: "GROUP/PROJECT/NAME"))],
        flags: [
            Flag(
                "artefact", .choice(Artefact.allCases.map(\.rawValue), placeholder: "WHAT"),
                "what it is, for the policies (default: what the data set's document says, else raw-data)"),
            Flag("pin", "keep this version whatever the retention says"),
            Flag("anonymised", "what would identify a person was taken out"), .output,
        ]
    ) { invocation, context in
        let reference = try invocation.dataset(1)
        if reference.version != nil { throw CommandError.usage("'\(reference)' names a version; put makes a new one") }
        let path = try absolute(invocation.operands[0])
        let format = try OutputFormat(invocation)
        return try await CoreClient.with(context) { core in
            let artefact: Artefact
            if let said: Artefact = invocation.choice("artefact") {
                artefact = said
            } else {
                artefact = try await documented(reference.dataset, core) ?? .rawData
            }
            let request = IngestRequest(
                dataset: reference.dataset, path: path, artefact: artefact, isPinned: invocation.has("pin"),
                isAnonymised: invocation.has("anonymised") ? true : nil)
            var display = ProgressDisplay(reference.description, console: context.console)
            var last: IngestProgress?
            for try await item in try await core.stream(DataSyncContract.ingest, request) {
                last = item.body
                try display.show(
                    done: item.body.rawBytes, total: item.body.totalBytes, note: saved(item.body),
                    isLast: item.body.version != nil)
            }
            guard let last, let version = last.version else {
                throw CommandError("interrupted", "the core ended before it had stored \(reference); put it again")
            }
            try ValueOutput(format: format, console: context.console).write(
                last, names: ["dataset/\(version.reference)"]
            ) {
                let facts = [
                    "\(NumberText.grouped(version.entries)) \(version.entries == 1 ? "entry" : "entries")",
                    NumberText.bytes(version.rawBytes), last.isUnchanged ? "" : saved(last),
                ]
                let words = facts.filter { !$0.isEmpty }.joined(separator: ", ")
                return ["dataset/\(version.reference) \(last.isUnchanged ? "unchanged" : "stored"): \(words)"]
            }
            return .success
        }
    }

    /// What need not be stored: `12.0 MiB there already, 1.0 MiB compression`.
    private static func saved(_ progress: IngestProgress) -> String {
        [(progress.deduplicatedBytes, "there already"), (progress.compressionSavedBytes, "compression")]
            .filter { $0.0 > 0 }.map { "\(NumberText.bytes($0.0)) \($0.1)" }.joined(separator: ", ")
    }

    /// What the data set's document says its versions hold, if it has one.
    private static func documented(_ dataset: DatasetName, _ core: CoreClient) async throws -> Artefact? {
        do {
            let query = ResourceQuery(name: dataset.description)
            let record = try await core.call(ResourceContract.get(.dataset), query).items.first
            return record?.spec["artefact"]?.string.flatMap(Artefact.init(rawValue:))
        } catch {
            if ExitCode(error) == .notFound { return nil }
            throw error
        }
    }

    static func absolute(_ path: String) throws -> String {
        guard let buffer = realpath(path, nil) else {
            throw CommandError(
                errno == ENOENT ? "not-found" : "failed", "cannot read \(path): \(SystemError.text(errno))")
        }
        defer { free(buffer) }
        return String(cString: buffer)
    }

    // MARK: Looking

    static let list = Command(
        "data", "ls", topic: .data, summary: "list the data sets of the core and of every edge, or the versions of one",
        details: """
            Of an edge the core knows which data sets there are, never the data. Of one that is away it shows what the edge told last;
            STATE then says 'edge away'. OPEN is what was appended and is in no version yet.
            """,
        examples: ["gedge data ls", "gedge data ls demo/digits/train", "gedge data ls --edge edge-1 -o json"],
        operands: [Operand(.text(placeholder: "GROUP/PROJECT/NAME"), isRequired: false)],
        flags: [.atEdge("only what this edge has; with a data set, its versions there"), .output]
    ) { invocation, context in
        let edge = try invocation.name("edge")
        let reference = invocation.operands.isEmpty ? nil : try invocation.dataset(0)
        let output = ValueOutput(format: try OutputFormat(invocation), console: context.console)
        return try await CoreClient.with(context) { core in
            guard let reference else {
                try await listAll(
                    try await core.call(
                        DataSyncContract.catalogue, CatalogueQuery(edge: edge, isEverywhere: edge == nil ? true : nil)),
                    output)
                return .success
            }
            var versions = try await core.call(
                DataSyncContract.versions, VersionsQuery(dataset: reference.dataset, edge: edge)
            ).versions
            if let number = reference.version {
                versions.removeAll { $0.reference.version != number }
                if versions.isEmpty { throw CommandError.notFound("there is no \(reference)") }
            }
            try output.write(versions, names: versions.map { "dataset/\($0.reference)" }) {
                output.lines(
                    ["VERSION", "SIZE", "ENTRIES", "ARTEFACT", "CREATED", "STATE", "MANIFEST"],
                    versions.map { version in
                        [
                            version.reference.version.map { "@\($0)" } ?? "-", NumberText.bytes(version.rawBytes),
                            String(version.entries), version.artefact.rawValue, version.created.description,
                            state(version), String(version.manifest.hex.prefix(12)),
                        ]
                    })
            }
            return .success
        }
    }

    private static func listAll(_ catalogue: CatalogueReply, _ output: ValueOutput) async throws {
        let entries = catalogue.datasets
        var names: [String] = []
        for name in entries.map({ "dataset/\($0.dataset)" }) where names.last != name { names.append(name) }
        try output.write(entries, names: names) {
            if entries.isEmpty {
                try output.console.remark("No data sets; 'gedge data put PATH GROUP/PROJECT/NAME' makes one.")
                return []
            }
            return output.lines(
                [
                    "NAME", "EDGE", "VERSIONS", "NEWEST", "SIZE", "ENTRIES", "OPEN", "ARTEFACT", "PRIVACY", "CHANGED",
                    "STATE",
                ],
                entries.map(row))
        }
    }

    private static func row(_ entry: CatalogueEntry) -> [String] {
        let state = [
            entry.newest.map(Self.state) ?? "open", entry.isStale == true ? "edge away" : "",
        ].filter { !$0.isEmpty }.joined(separator: ", ")
        return [
            entry.dataset.description, entry.edge?.text ?? "-", String(entry.versions),
            entry.newest?.reference.version.map { "@\($0)" } ?? "-",
            entry.newest.map { NumberText.bytes($0.rawBytes) } ?? "-",
            entry.newest.map { String($0.entries) } ?? "-",
            entry.open.map { NumberText.bytes($0.bytes) } ?? "-", entry.artefact.rawValue,
            entry.privacy?.rawValue ?? "-", entry.changed?.description ?? "-", state,
        ]
    }

    private static func state(_ version: DatasetVersion) -> String {
        (version.isComplete ? "complete" : "incomplete") + (version.isPinned ? ", pinned" : "")
    }

    // MARK: Keeping and dropping

    static let remove = Command(
        "data", "rm", topic: .data, summary: "remove a version of a data set, or all of them",
        details: "What other versions share stays. A pinned version is refused; 'gedge data pin --off' lets it go.",
        examples: ["gedge data rm demo/digits/train@2", "gedge data rm demo/digits/train --all"],
        operands: [Operand(.text(placeholder: "GROUP/PROJECT/NAME[@N]"))],
        flags: [Flag("all", "every version of the data set")]
    ) { invocation, context in
        let reference = try invocation.dataset(0)
        guard (reference.version == nil) == invocation.has("all") else {
            throw CommandError.usage(
                reference.version == nil
                    ? "name a version, \(reference)@N, or say --all" : "'\(reference)' is one version; leave out --all")
        }
        return try await CoreClient.with(context) { core in
            let count = try await core.call(DataSyncContract.removeVersion, reference).versions
            try context.console.print("dataset/\(reference) deleted" + (count > 1 ? " (\(count) versions)" : ""))
            return .success
        }
    }

    static let pin = Command(
        "data", "pin", topic: .data, summary: "keep a version whatever retention and eviction say",
        examples: ["gedge data pin demo/digits/train@2", "gedge data pin demo/digits/train@2 --off"],
        operands: [Operand(.text(placeholder: "GROUP/PROJECT/NAME[@N]"))],
        flags: [Flag("off", "let it go again")]
    ) { invocation, context in
        let request = PinRequest(reference: try invocation.dataset(0), isPinned: !invocation.has("off"))
        return try await CoreClient.with(context) { core in
            _ = try await core.call(DataSyncContract.pin, request)
            try context.console.print("dataset/\(request.reference) \(request.isPinned ? "pinned" : "unpinned")")
            return .success
        }
    }

    static let verify = Command(
        "data", "verify", topic: .data, summary: "read and hash everything that is stored, or one version",
        details: """
            The exit code is 1 when something is damaged. Its bytes are put aside, and what needs them fetches them again.
            """,
        examples: ["gedge data verify", "gedge data verify demo/digits/train@2", "gedge data verify --edge edge-1"],
        operands: [Operand(.text(placeholder: "GROUP/PROJECT/NAME[@N]"), isRequired: false)],
        flags: [.atEdge("what this edge has stored (default: the core)"), .output]
    ) { invocation, context in
        let request = VerifyRequest(
            reference: invocation.operands.isEmpty ? nil : try invocation.dataset(0), edge: try invocation.name("edge"))
        let output = ValueOutput(format: try OutputFormat(invocation), console: context.console)
        return try await CoreClient.with(context) { core in
            var display = ProgressDisplay(request.reference?.description ?? "everything", console: context.console)
            var last: VerifyProgress?
            for try await item in try await core.stream(DataSyncContract.verify, request) {
                last = item.body
                try display.show(
                    done: item.body.checkedBytes, total: item.body.totalBytes,
                    note: item.body.damaged.isEmpty ? "" : "\(item.body.damaged.count) damaged",
                    isLast: item.body.isDone)
            }
            guard let last, last.isDone else {
                throw CommandError("interrupted", "the check was interrupted; run it again")
            }
            try output.write(last, names: last.damaged.map(\.hex)) {
                last.damaged.map { "damaged: \($0)" }
                    + ["\(NumberText.bytes(last.checkedBytes)) checked, \(last.damaged.count) damaged"]
            }
            return last.damaged.isEmpty ? .success : .failed
        }
    }
}
