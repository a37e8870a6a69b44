import Contracts
import Core
import MessageBus

/// `gedge data append|seal`: data as it arises, kept by the edge of this machine whether or not the core can be reached.
extension DataCommand {
    static let append = Command(
        "data", "append", topic: .data, summary: "add files or records to a data set of this machine's edge",
        details: """
            What is added is durable when the command says so, and becomes a version by itself, or with 'gedge data seal'. The core
            learns that it is there, not what it is. PATH is a file, or a directory whose files are added; with --records it is a file
            of records, and without PATH, or with -, records come from standard input, each batch durable as it comes:

            --records lines      a record is a line, as in JSON lines (default for standard input)
            --records delimited  a record is a 32-bit little-endian number of bytes, and so many bytes
            --records bytes      a stream of bytes without records

            With --producer the daemon remembers how much of the producer's records it has: give the same file again after whatever
            interrupted it, and each record is there once. Asked is the edge whose state directory --state-dir or GEDGE_STATE names,
            else the one of $GEDGE_EDGE_STATE_DIRECTORY or of ~/.local/state/gedge/edge, else the core.
            """,
        examples: [
            "gedge data append demo/line/one shots/", "gedge data append demo/line/one -",
            "gedge data append demo/line/one today.jsonl --records lines --producer camera-3",
        ],
        operands: [
            Operand(.text(placeholder: "GROUP/PROJECT/NAME")), Operand(.file, placeholder: "PATH", isRequired: false),
        ],
        flags: [
            Flag(
                "records", .choice(RecordFormat.allCases.map(\.rawValue), placeholder: "FORMAT"),
                "PATH holds records: lines, delimited or bytes"),
            Flag("producer", .text(placeholder: "NAME"), "whose records these are, from their very first on"),
            Flag("as", .text(placeholder: "PATH"), "what a file is called in the data set, or where a directory's lie"),
            Flag(
                "artefact", .choice(Artefact.allCases.map(\.rawValue), placeholder: "WHAT"),
                "what it is, for the policies (default: what the data set holds, else raw-data)"),
            Flag("anonymised", "what would identify a person was taken out"), .output,
        ]
    ) { invocation, context in
        let dataset = try unversioned(invocation)
        let path = invocation.operands.count > 1 ? invocation.operands[1] : "-"
        let format: RecordFormat? = invocation.choice("records") ?? (path == "-" ? .lines : nil)
        let location = context.stateDirectory.nearest(
            flag: invocation.text("state-dir"), environment: context.environment)
        let output = ValueOutput(format: try OutputFormat(invocation), console: context.console)
        guard let format else {
            guard !invocation.has("producer") else {
                throw CommandError.usage("--producer is for records; say what they are with --records")
            }
            let request = AppendFilesRequest(
                dataset: dataset, path: try absolute(path), target: invocation.text("as"),
                artefact: invocation.choice("artefact"), isAnonymised: invocation.has("anonymised") ? true : nil)
            return try await appendFiles(request, at: location, context, output)
        }
        guard !invocation.has("as") else { throw CommandError.usage("--as is for files, and records have no names") }
        let request = AppendRequest(
            dataset: dataset, format: format, producer: invocation.text("producer"),
            artefact: invocation.choice("artefact"), isAnonymised: invocation.has("anonymised") ? true : nil)
        let input = try RecordInput(path, format, completes: request.producer == nil)
        return try await CoreClient.with(context, at: location) { daemon in
            let last = try await appendRecords(input, request, daemon, context)
            try output.write(last, names: ["dataset/\(dataset)"]) {
                ["dataset/\(dataset) appended: \(NumberText.bytes(last.acceptedBytes)); \(open(last.open))"]
            }
            return .success
        }
    }

    /// Sends what the input has, a batch at a time.
    /// - Returns: the last answer, with everything that was new.
    private static func appendRecords(
        _ input: RecordInput, _ request: AppendRequest, _ daemon: CoreClient, _ context: Context
    ) async throws -> AppendReply {
        let timeout = context.timeout ?? .seconds(120)
        var request = request
        var last = try await daemon.ask(DataSyncContract.append, request, timeout: timeout).body
        if request.producer != nil {
            try await input.skip(last.position)
            request.offset = last.position
        }
        var accepted = 0
        while let records = try await input.next() {
            do {
                last = try await daemon.ask(
                    DataSyncContract.append, request, attachments: [Attachment(records)], timeout: timeout
                ).body
            } catch {
                try context.console.remark(
                    "\(NumberText.bytes(accepted)) were appended; what follows byte \(input.position - records.count) of the "
                        + "input was not.")
                throw error
            }
            accepted += last.acceptedBytes
            request.offset = request.offset.map { $0 + records.count }
        }
        if input.leftOver > 0 {
            try context.console.remark(
                "The last line has no line feed yet, and was left out; append the file again when it has.")
        }
        last.acceptedBytes = accepted
        return last
    }

    private static func appendFiles(
        _ request: AppendFilesRequest, at location: StateLocation, _ context: Context, _ output: ValueOutput
    ) async throws -> ExitCode {
        try await CoreClient.with(context, at: location) { daemon in
            var display = ProgressDisplay(request.dataset.description, console: context.console)
            var last: AppendFilesProgress?
            for try await item in try await daemon.stream(DataSyncContract.appendFiles, request) {
                last = item.body
                try display.show(
                    done: item.body.rawBytes, total: item.body.totalBytes, isLast: item.body.open != nil)
            }
            guard let last, let data = last.open else {
                throw CommandError("interrupted", "it ended before everything was appended; append it again")
            }
            try output.write(last, names: ["dataset/\(request.dataset)"]) {
                let there = last.knownFiles > 0 ? ", \(NumberText.grouped(last.knownFiles)) of them there already" : ""
                return [
                    "dataset/\(request.dataset) appended: \(files(last.files)), "
                        + "\(NumberText.bytes(last.totalBytes))\(there); \(open(data))"
                ]
            }
            return .success
        }
    }

    static let seal = Command(
        "data", "seal", topic: .data, summary: "make a version of what was appended to a data set",
        details: """
            The version has everything that the one before has, and what was appended since. With --edge the core asks the edge; without,
            whoever 'gedge data append' would ask is asked.
            """,
        examples: ["gedge data seal demo/line/one", "gedge data seal demo/line/one --edge edge-1"],
        operands: [Operand(.text(placeholder: "GROUP/PROJECT/NAME"))],
        flags: [.atEdge("ask this edge by way of the core"), .output]
    ) { invocation, context in
        let edge = try invocation.name("edge")
        let request = SealRequest(dataset: try unversioned(invocation), edge: edge)
        let output = ValueOutput(format: try OutputFormat(invocation), console: context.console)
        let nearest = context.stateDirectory.nearest(
            flag: invocation.text("state-dir"), environment: context.environment)
        return try await CoreClient.with(context, at: edge == nil ? nearest : nil) { daemon in
            let reply = try await daemon.ask(
                DataSyncContract.seal, request, timeout: context.timeout ?? .seconds(600)
            ).body
            let version = reply.version
            try output.write(reply, names: ["dataset/\(version.reference)"]) {
                let records = version.records.map { ", \(NumberText.grouped($0)) records" } ?? ""
                return [
                    "dataset/\(version.reference) \(reply.isUnchanged ? "unchanged" : "sealed"): "
                        + "\(files(version.entries)), \(NumberText.bytes(version.rawBytes))\(records)"
                ]
            }
            return .success
        }
    }

    private static func unversioned(_ invocation: Invocation) throws -> DatasetName {
        let reference = try invocation.dataset(0)
        guard reference.version == nil else {
            throw CommandError.usage("'\(reference)' names a version; leave out @N: what is appended makes a new one")
        }
        return reference.dataset
    }

    private static func files(_ count: Int) -> String {
        "\(NumberText.grouped(count)) \(count == 1 ? "file" : "files")"
    }

    /// What is in no version, in words.
    static func open(_ open: OpenData) -> String {
        var words: [String] = []
        if open.records > 0 { words.append("\(NumberText.grouped(open.records)) records") }
        if open.files > 0 { words.append(files(open.files)) }
        if words.isEmpty { words.append(NumberText.bytes(open.bytes)) }
        return words.joined(separator: " and ") + " in no version yet"
    }
}
