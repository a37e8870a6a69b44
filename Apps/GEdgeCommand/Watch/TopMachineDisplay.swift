import Contracts
import Core

/// One machine's load now and how it went, as text.
struct TopMachineDisplay: Sendable {
    let core: CoreClient
    let console: Console
    let name: Name
    /// How far back the pictures go.
    let span: Duration

    /// What is shown of the history; the first as a plot, the others as a line each.
    private static let metrics: [(metric: LoadMetric, title: String)] = [
        (.cpu, "CPU"), (.availableMemory, "memory free"), (.cpuPressure, "pressure cpu"),
        (.memoryPressure, "pressure memory"), (.ioPressure, "pressure io"), (.diskRead, "disk read"),
        (.diskWritten, "disk written"), (.networkReceived, "net in"), (.networkSent, "net out"), (.gpuBusy, "GPU"),
        (.daemonCPU, "daemon CPU"), (.resident, "daemon memory"),
    ]

    struct Report: Codable, Sendable {
        var time: Timestamp
        var machine: MachineLoad
        var history: [String: HistoryReply]
    }

    /// - Throws: what the core says; `not-found` for a machine that it does not know.
    func report() async throws -> Report {
        let reply = try await core.call(TopologyContract.loads, LoadsQuery(name: name))
        guard let machine = reply.machines.first else { throw CommandError.notFound("there is no machine '\(name)'") }
        var history: [String: HistoryReply] = [:]
        let from = reply.time.advanced(by: .zero - span)
        for (metric, _) in Self.metrics where machine.load.value(of: metric) != nil {
            let query = HistoryQuery(site: name, metric: metric, from: from, to: reply.time, most: 240)
            history[metric.rawValue] = try await core.call(TopologyContract.history, query)
        }
        return Report(time: reply.time, machine: machine, history: history)
    }

    func lines(_ report: Report, width: Int) -> [String] {
        let palette = console.palette
        let text = TopText(palette: palette, time: report.time)
        let machine = report.machine
        let head = [
            palette.bold(machine.phase == nil ? "core" : "edge/\(name)"), text.phase(machine),
            "\(machine.threads) threads",
            "\(NumberText.bytes(Int(machine.memory))) memory", "measured \(text.age(machine)) ago",
        ].filter { $0 != "-" }
        var lines = [TextWidth.fitted(head.joined(separator: palette.dot), width, ellipsis: palette.ellipsis), ""]
        let titleWidth = 16
        let plotWidth = max(10, min(120, width - titleWidth - 42))
        for (index, (metric, title)) in Self.metrics.enumerated() {
            guard let reply = report.history[metric.rawValue], !reply.points.isEmpty else { continue }
            let values = Sparkline.columns(
                reply.points.map { ($0.start.milliseconds, $0.mean) },
                from: report.time.milliseconds - span.milliseconds, to: report.time.milliseconds, columns: plotWidth)
            let (least, most) = (
                reply.points.map(\.minimum).min() ?? 0, reply.points.map(\.maximum).max() ?? 0
            )
            let now = machine.load.value(of: metric).map { text.value($0, of: metric) } ?? "-"
            let facts = "\(now) now, \(text.value(least, of: metric)) to \(text.value(most, of: metric))"
            if index == 0 {
                let plot = Sparkline.plot(values, high: 1, height: 6, isUnicode: palette.isUnicode)
                for (row, line) in plot.enumerated() {
                    let scale = row == 0 ? "100%" : row == plot.count - 1 ? "0%" : ""
                    let label = row == plot.count / 2 ? title : ""
                    lines.append(
                        TextWidth.padded(label, titleWidth - 5) + TextWidth.padded(scale, 4, alignRight: true) + " "
                            + palette.green(line) + (row == plot.count / 2 ? "  \(facts)" : ""))
                }
            } else {
                let high = metric == .availableMemory ? Double(max(1, machine.memory)) : Self.scale(metric, most)
                let line = Sparkline.line(values, high: high, isUnicode: palette.isUnicode)
                lines.append(TextWidth.padded(title, titleWidth) + palette.green(line) + "  \(facts)")
            }
        }
        lines.append(palette.dim("the last \(NumberText.span(seconds: span.seconds)), oldest on the left"))
        return lines
    }

    /// What a full column stands for: everything for shares, the most there was for amounts.
    private static func scale(_ metric: LoadMetric, _ most: Double) -> Double {
        switch metric {
        case .cpu, .cpuPressure, .memoryPressure, .ioPressure, .diskBusy, .gpuBusy: 1
        default: most > 0 ? most : 1
        }
    }

    func once() async throws {
        let report = try await report()
        for line in lines(report, width: console.output.isInteractive ? console.output.width : 100) {
            try console.print(line)
        }
    }

    func live(every interval: Duration) async throws {
        var drawn = 0
        while true {
            let lines = lines(try await report(), width: console.output.width - 1)
                .prefix(max(1, console.output.height - 1))
            let erase = drawn > 0 ? "\u{1B}[\(drawn)A\u{1B}[J" : ""
            try console.output.write(erase + lines.map { $0 + "\n" }.joined())
            drawn = lines.count
            try await Task.sleep(for: interval)
        }
    }
}
