import Contracts
import Core

extension SyncCommand {
    static let explain = Command(
        "sync", "explain", topic: .data, summary: "say which rule lets something move or holds it back, and why",
        details: """
            Asks the clouds at both ends, each of which decides for itself; nothing moves. --from and --to name edges, or core, which
            is what the one that is left out means. A job's training type and policy are looked up. In place of an artefact a transfer of
            'gedge sync status' may be named.
            """,
        examples: [
            "gedge sync explain raw-data --from edge-1", "gedge sync explain update --from edge-1 --job digits",
            "gedge sync explain f17",
        ],
        operands: [Operand(.text(placeholder: "ARTEFACT|TRANSFER"))],
        flags: [
            Flag("from", .edge, "the cloud that sends (default: core)"),
            Flag("to", .edge, "the cloud that receives (default: core)"),
            Flag("job", .text(placeholder: "NAME"), "it belongs to this job"),
            Flag("round", .integer, "and to this round (default with --job: 1)"),
            Flag(
                "workload", .choice(Workload.allCases.map(\.rawValue), placeholder: "TYPE"),
                "it belongs to a job of this type"),
            Flag("policy", .text(placeholder: "NAME"), "the job names this policy"),
            Flag("dataset", .text(placeholder: "G/P/NAME"), "it is a version of this data set"),
            Flag("bytes", .text(placeholder: "SIZE"), "how much has gathered, such as 64MiB"),
            Flag("records", .integer, "how many records have gathered"),
            Flag("anonymised", "what would identify a person was taken out"), .output,
        ]
    ) { invocation, context in
        let format = try OutputFormat(invocation)
        return try await CoreClient.with(context) { core in
            let request = try await request(invocation, core)
            var answers = [try await core.call(SyncPolicyContract.explain, request)]
            for side in [request.from, request.to] where side != .core {
                do {
                    var question = request
                    question.edge = try Name(side.text)
                    answers.append(try await core.call(SyncPolicyContract.explain, question))
                } catch {
                    // The core's answer stands alone while an edge is away.
                    context.console.complain("\(side) does not say: \(Failure(error).message)")
                }
            }
            let output = ValueOutput(format: format, console: context.console)
            try output.write(answers, names: answers.map { "\($0.cloud) \($0.verdict.rawValue)" }) {
                answers.flatMap { lines($0, context.console.palette) }
            }
            return .success
        }
    }

    private static func request(_ invocation: Invocation, _ core: CoreClient) async throws -> SyncExplainRequest {
        let word = invocation.operands[0]
        guard let artefact = Artefact(rawValue: word.lowercased()) else {
            let transfers = try await core.call(DataSyncContract.status, SyncStatusQuery(recent: 64)).transfers
            guard let transfer = transfers.first(where: { $0.id == word }), let peer = transfer.peers.first else {
                let words = Artefact.allCases.map(\.rawValue)
                throw CommandError.usage(
                    "'\(word)' is neither an artefact (\(words.joined(separator: ", "))) nor a transfer of "
                        + "'gedge sync status'\(Suggestion.question(word, among: words))")
            }
            let isFetching = transfer.direction == .fetching
            return SyncExplainRequest(
                tags: transfer.tags ?? TransferTags(artefact: .rawData), from: isFetching ? peer : .core,
                to: isFetching ? .core : peer, bytes: transfer.wantedBytes)
        }
        let from = try peer(invocation, "from") ?? .core
        let to = try peer(invocation, "to") ?? .core
        if from == to { throw CommandError.usage("nothing moves within one cloud; name another with --from or --to") }
        var bytes: Int?
        if let text = invocation.text("bytes") {
            guard let count = ByteCount(text) else {
                throw CommandError.usage("flag --bytes takes a size such as 64MiB, not '\(text)'")
            }
            bytes = count.bytes
        }
        return SyncExplainRequest(
            tags: try await tags(artefact, invocation, core), from: from, to: to, bytes: bytes)
    }

    private static func tags(
        _ artefact: Artefact, _ invocation: Invocation, _ core: CoreClient
    ) async throws -> TransferTags {
        var tags = TransferTags(
            artefact: artefact, workload: invocation.choice("workload"), job: try invocation.name("job"),
            policy: try invocation.name("policy"), round: try invocation.integer("round"),
            records: try invocation.integer("records"), isAnonymised: invocation.has("anonymised") ? true : nil)
        if let text = invocation.text("dataset") {
            do { tags.dataset = try DatasetName(text) } catch { throw CommandError.usage(Failure(error).message) }
        }
        guard let job = tags.job else { return tags }
        let list = try await core.call(ResourceContract.get(.trainingJob), ResourceQuery(name: job.text))
        let record = list.items.first
        if tags.policy == nil { tags.policy = try record?.spec["sync"]?.string.map { try Name($0) } }
        if tags.workload == nil {
            let type = record?.status["trainingType"]?.string ?? record?.spec["trainingType"]?.string
            tags.workload = type.flatMap(Workload.init(rawValue:)) ?? .federated
        }
        if tags.round == nil { tags.round = 1 }
        return tags
    }

    private static func lines(_ answer: SyncExplanation, _ palette: Palette) -> [String] {
        let verdict =
            switch answer.verdict {
            case .allow: palette.green("allows it")
            case .defer: palette.yellow("holds it back")
            case .refuse: palette.red("refuses it")
            }
        var lines = [
            "\(palette.bold(TextWidth.printable(answer.cloud.text))) \(verdict): \(TextWidth.printable(answer.reason))"
        ]
        lines.append("  rule       \(TextWidth.printable(answer.rule))")
        if let until = answer.until { lines.append("  until      \(until)") }
        if let priority = answer.priority { lines.append("  priority   \(priority.word)") }
        if let codec = answer.codec { lines.append("  codec      \(codec.rawValue)") }
        if let retention = answer.retention { lines.append("  kept       \(retention)") }
        if answer.consistency == .strict { lines.append("  the round waits for it") }
        return lines + answer.steps.map { palette.dim("  - \(TextWidth.printable($0))") }
    }

    static let audit = Command(
        "sync", "audit", topic: .data, summary: "list what the rules refused: who asked for what, and when",
        details: """
            A refusal that is repeated within ten minutes is one line with a count. 'serving' is somebody who asked for what lies here,
            'fetching' what this cloud was about to ask for. The newest 10,000 lines are kept.
            """,
        examples: ["gedge sync audit", "gedge sync audit --edge edge-1 --limit 10 -o json"],
        flags: [
            .atEdge("ask this edge (default: the core)"),
            Flag("limit", .integer, "the newest N (default: 50)"), .output,
        ]
    ) { invocation, context in
        let query = AuditQuery(
            edge: try invocation.name("edge"), limit: try invocation.integer("limit", in: 1...1000) ?? 50)
        let format = try OutputFormat(invocation)
        return try await CoreClient.with(context) { core in
            let entries = try await core.call(SyncPolicyContract.audit, query).entries
            let output = ValueOutput(format: format, console: context.console)
            try output.write(entries, names: entries.map { "\($0.peer) \($0.artefact.rawValue) \($0.manifest)" }) {
                if entries.isEmpty {
                    try context.console.remark("Nothing was refused.")
                    return []
                }
                return output.lines(
                    ["LAST", "TIMES", "DIRECTION", "PEER", "WHAT", "RULE", "REASON"],
                    entries.map { entry in
                        let what = [entry.artefact.rawValue, entry.job.map { "of \($0)" }, entry.dataset?.description]
                        return [
                            entry.last.description, String(entry.count), entry.direction.rawValue, entry.peer.text,
                            what.compactMap { $0 }.joined(separator: " "), entry.rule, entry.reason,
                        ]
                    })
            }
            return .success
        }
    }
}
