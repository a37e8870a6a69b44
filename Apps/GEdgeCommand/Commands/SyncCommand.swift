import Contracts
import Core

/// `gedge sync`: what moves between the clouds, and what may.
enum SyncCommand {
    static let commands = [status, pause, resume, cancel, limit, explain, audit]

    static let status = Command(
        "sync", "status", topic: .data, summary: "list the transfers of the core or of an edge",
        details: """
            SAVED is what did not have to move: bytes that were there already, that a difference to an earlier version left out, and
            that compression took away. With --watch the transfers that go on are drawn live on a terminal; elsewhere each second is
            one table, or one JSON object on one line.
            """,
        examples: ["gedge sync status", "gedge sync status --edge edge-1 --watch", "gedge sync status -o json"],
        flags: [
            .atEdge("ask this edge (default: the core)"), .output,
            Flag("recent", .integer, "how many transfers that ended to list (default: 16)"),
            Flag("watch", short: "w", "go on until interrupted"),
        ]
    ) { invocation, context in
        let query = SyncStatusQuery(
            edge: try invocation.name("edge"), recent: try invocation.integer("recent", in: 0...64) ?? 16)
        let format = try OutputFormat(invocation)
        let isWatching = invocation.has("watch")
        return try await CoreClient.with(context) { core in
            if isWatching {
                return try await SyncWatch(core: core, console: context.console, format: format).run(query)
            }
            let status = try await core.call(DataSyncContract.status, query)
            try write(status, ValueOutput(format: format, console: context.console))
            return .success
        }
    }

    static func write(_ status: SyncStatus, _ output: ValueOutput) throws {
        let transfers = TransferText(palette: output.console.palette)
        try output.write(status, names: status.transfers.map(\.id)) {
            for line in limits(status) + scrub(status) { try output.console.remark(line) }
            if let cache = status.cache, cache.quota > 0 { try output.console.remark(text(cache)) }
            if status.transfers.isEmpty {
                try output.console.remark("No transfers.")
                return []
            }
            return output.lines(TransferText.columns, status.transfers.map(transfers.row))
        }
    }

    /// What is kept in case it is wanted again.
    private static func text(_ cache: CacheStatus) -> String {
        "Cache: \(NumberText.bytes(cache.bytes)) of \(NumberText.bytes(cache.quota)) in \(cache.versions) versions; since the "
            + "start \(cache.hits) hits, \(cache.misses) misses, \(cache.evictions) evictions."
    }

    /// What holds transfers back, if anything does.
    static func limits(_ status: SyncStatus) -> [String] {
        var lines: [String] = []
        if status.isPaused { lines.append("Everything is paused: gedge sync resume --all") }
        for peer in status.pausedPeers {
            lines.append("Transfers with \(peer) are paused: gedge sync resume --peer \(peer)")
        }
        if status.bytesPerSecondLimit > 0 {
            lines.append("Limited to \(NumberText.bytes(status.bytesPerSecondLimit)) per second in all.")
        }
        for limit in status.peerLimits where limit.bytesPerSecond > 0 {
            lines.append("Limited to \(NumberText.bytes(limit.bytesPerSecond)) per second with \(limit.peer).")
        }
        return lines
    }

    /// When everything that is stored was last looked through for damage, and what came of it.
    static func scrub(_ status: SyncStatus) -> [String] {
        guard let scrub = status.scrub else { return [] }
        var lines: [String] = []
        let found = scrub.damaged == 0 ? "no damage" : "\(scrub.damaged) damaged"
        if scrub.isRunning {
            let share = scrub.totalBytes > 0 ? min(100, scrub.checkedBytes * 100 / scrub.totalBytes) : 100
            lines.append(
                "Scrub: \(share)% of \(NumberText.bytes(scrub.totalBytes)) read since \(scrub.started?.description ?? "-"), \(found)."
            )
        } else if let finished = scrub.finished {
            lines.append("Last scrub: \(finished), \(NumberText.bytes(scrub.checkedBytes)) read, \(found).")
        }
        if scrub.waiting > 0 {
            lines.append(
                "\(scrub.waiting) damaged \(scrub.waiting == 1 ? "manifest is" : "manifests are") not whole again yet.")
        }
        return lines
    }

    // MARK: Control

    private static let scopeFlags = [
        Flag("peer", .text(placeholder: "NAME"), "every transfer with this cloud: an edge's name, or core"),
        Flag("all", "every transfer"), .atEdge("do it at this edge (default: at the core)"),
    ]

    private static func control(_ action: SyncAction, _ done: String, summary: String) -> Command {
        Command(
            "sync", action.rawValue, topic: .data, summary: summary,
            examples: ["gedge sync \(action.rawValue) f17", "gedge sync \(action.rawValue) --peer edge-1"],
            operands: [Operand(.text(placeholder: "TRANSFER"), isRequired: false)], flags: scopeFlags
        ) { invocation, context in
            let transfer = invocation.operands.first
            let peer = try peer(invocation)
            guard [transfer != nil, peer != nil, invocation.has("all")].count(where: { $0 }) == 1 else {
                throw CommandError.usage(
                    "say what to \(action.rawValue): one transfer of 'gedge sync status', --peer NAME, or --all")
            }
            let order = SyncControl(
                action: action, transfer: transfer, peer: peer, edge: try invocation.name("edge"))
            return try await CoreClient.with(context) { core in
                let count = try await core.call(DataSyncContract.control, order).affected
                try context.console.print("\(count) \(count == 1 ? "transfer" : "transfers") \(done)")
                return .success
            }
        }
    }

    static let pause = control(.pause, "paused", summary: "hold transfers until they are resumed")
    static let resume = control(.resume, "resumed", summary: "let paused transfers go on")
    static let cancel = control(.cancel, "cancelled", summary: "give transfers up; what has arrived stays")

    static let limit = Command(
        "sync", "limit", topic: .data, summary: "limit how many bytes a second leave",
        examples: ["gedge sync limit 10MB", "gedge sync limit 500kB --peer edge-1", "gedge sync limit none"],
        operands: [Operand(.text(placeholder: "BYTES|none"))],
        flags: [
            Flag("peer", .text(placeholder: "NAME"), "to this cloud (default: to all together)"),
            .atEdge("limit this edge (default: the core)"),
        ]
    ) { invocation, context in
        let word = invocation.operands[0]
        let rate = word == "none" ? 0 : ByteCount(word)?.bytes
        guard let rate, rate > 0 || word == "none" else {
            throw CommandError.usage("a limit is bytes per second such as 10MB, or 'none', not '\(word)'")
        }
        let peer = try peer(invocation)
        let order = SyncControl(action: .limit, peer: peer, bytesPerSecond: rate, edge: try invocation.name("edge"))
        return try await CoreClient.with(context) { core in
            _ = try await core.call(DataSyncContract.control, order)
            let whom = peer.map { " to \($0)" } ?? ""
            try context.console.print(
                rate == 0 ? "no limit\(whom)" : "at most \(NumberText.bytes(rate)) per second\(whom)")
            return .success
        }
    }

    static func peer(_ invocation: Invocation, _ flag: String = "peer") throws -> PeerID? {
        if invocation.text(flag) == "core" { return .core }
        return try invocation.name(flag).map { PeerID($0) }
    }
}
