import Contracts

/// Shows transfers again and again until interrupted: drawn over on a terminal, one after the other elsewhere.
struct SyncWatch: Sendable {
    let core: CoreClient
    let console: Console
    let format: OutputFormat

    func run(_ query: SyncStatusQuery) async throws -> ExitCode {
        let isLive = console.canRedraw && format == .table
        var drawn = 0
        while true {
            let status = try await core.call(DataSyncContract.status, query)
            if isLive {
                let lines = lines(status)
                let erase = drawn > 0 ? "\u{1B}[\(drawn)A\u{1B}[J" : ""
                try console.output.write(erase + lines.map { $0 + "\n" }.joined())
                drawn = lines.count
            } else if format == .json {
                try console.print(try ResourceOutput.json(status, isPretty: false))
            } else {
                try SyncCommand.write(status, ValueOutput(format: format, console: console))
            }
            try await Task.sleep(for: isLive ? .milliseconds(500) : .seconds(1))
        }
    }

    /// As many lines as fit: what holds things back, the transfers that go on, the newest that ended.
    private func lines(_ status: SyncStatus) -> [String] {
        let width = console.output.width
        let text = TransferText(palette: console.palette)
        var lines = SyncCommand.limits(status).map {
            console.palette.yellow(TextWidth.fitted($0, width - 1, ellipsis: console.palette.ellipsis))
        }
        let active = status.transfers.filter { !$0.phase.isTerminal }
        let ended = status.transfers.filter(\.phase.isTerminal)
        let room = max(3, console.output.height - 2 - lines.count)
        lines += active.prefix(room).map { text.bar($0, width: width) }
        if active.count > room { lines.append(console.palette.dim(" and \(active.count - room) more")) }
        if active.isEmpty { lines.append(console.palette.dim(" nothing moves")) }
        lines += ended.prefix(max(0, room - active.count)).map { text.bar($0, width: width) }
        return lines
    }
}
