import Contracts
import Core

/// The topology as a tree: the core, its edges, what each has and how it is reached, and links between edges.
struct TopologyTree: Sendable {
    let palette: Palette
    /// Whether to draw the inside of machines.
    let showsMachines: Bool

    func lines(_ view: TopologyView) -> [String] {
        var lines = [palette.bold("core") + palette.dim("  \(view.summary), \(view.time)")]
        for (index, edge) in view.edges.enumerated() {
            let isLast = index == view.edges.count - 1
            lines.append(branch(isLast) + heading(edge))
            let stem = isLast ? "     " : trunk + "    "
            lines += details(edge, at: view.time).map { palette.dim(stem) + $0 }
        }
        if !view.others.isEmpty {
            lines += ["", palette.bold("between edges")]
            for (index, link) in view.others.enumerated() {
                let text = TextWidth.printable("\(link.from) \(arrow) \(link.to)")
                lines.append(branch(index == view.others.count - 1) + "\(text)  \(Self.text(link, at: view.time))")
            }
        }
        return lines
    }

    private func branch(_ isLast: Bool) -> String {
        palette.dim(palette.isUnicode ? (isLast ? "└─ " : "├─ ") : (isLast ? "`- " : "|- "))
    }

    private var trunk: String { palette.isUnicode ? "│" : "|" }
    private var arrow: String { palette.isUnicode ? "→" : "->" }

    private func heading(_ edge: TopologyView.Edge) -> String {
        let (site, hardware) = (edge.site, edge.site.report.hardware)
        let phase =
            switch site.phase {
            case .ready where site.cordon == nil: palette.green(edge.phase)
            case .ready, .reconnecting: palette.yellow(edge.phase)
            case .lost, .left, .revoked: palette.red(edge.phase)
            }
        var facts = [
            "\(hardware.threads) threads", "\(bytes(hardware.memory)), \(bytes(site.report.load.availableMemory)) free",
        ]
        if edge.gpus > 0 { facts.append("\(edge.gpus) \(edge.gpus == 1 ? "GPU" : "GPUs")") }
        return "\(palette.bold(site.name.text))  \(phase)  \(facts.joined(separator: palette.dot))"
    }

    private func bytes(_ count: Int64) -> String { NumberText.bytes(Int(clamping: count)) }

    private func details(_ edge: TopologyView.Edge, at now: Timestamp) -> [String] {
        let report = edge.site.report
        var rows = [("link", text(edge, at: now))]
        if !report.labels.isEmpty {
            rows.append(
                (
                    "labels",
                    report.labels.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }.joined(separator: " ")
                ))
        }
        for taint in report.taints ?? [] {
            rows.append(("taint", "\(taint.key)\(taint.value.map { "=" + $0 } ?? ""):\(taint.effect.rawValue)"))
        }
        for data in report.datasets {
            rows.append(("data", "\(data.name), \(NumberText.grouped(data.samples)) samples, \(data.classes) classes"))
        }
        if edge.site.phase != .ready { rows.append(("seen", LinkText.age(of: edge.site.lastSeen, at: now))) }
        var lines = rows.map { palette.dim(TextWidth.padded($0.0, 8)) + TextWidth.printable($0.1) }
        if showsMachines {
            if let machine = report.machine {
                lines += MachineTree.lines(machine, isUnicode: palette.isUnicode)
            } else {
                lines.append(palette.dim(TextWidth.padded("machine", 8)) + "not told")
            }
        }
        return lines
    }

    private func text(_ edge: TopologyView.Edge, at now: Timestamp) -> String {
        guard let link = edge.link else { return "not measured" }
        var words = Self.roundTrip(link)
        let rates = [("to it", edge.down), ("from it", edge.up)]
        words += rates.compactMap { name, link in link?.bytesPerSecond.map { "\(LinkText.rate($0)) \(name)" } }
        words += Self.rest(link, isStale: edge.isStale, at: now)
        return words.joined(separator: ", ")
    }

    private static func text(_ link: LinkState, at now: Timestamp) -> String {
        (roundTrip(link) + [link.bytesPerSecond.map(LinkText.rate)].compactMap(\.self)
            + rest(link, isStale: link.isStale, at: now)).joined(separator: ", ")
    }

    private static func roundTrip(_ link: LinkState) -> [String] {
        guard let median = link.roundTripSeconds else { return [] }
        return [LinkText.time(median) + (link.jitterSeconds.map { " ± \(LinkText.time($0))" } ?? "")]
    }

    private static func rest(_ link: LinkState, isStale: Bool, at now: Timestamp) -> [String] {
        var words: [String] = []
        if let loss = link.loss, loss > 0 { words.append("\(LinkText.share(loss)) lost") }
        if let cost = link.costPerGigabyte { words.append("\(NumberText.fixed(cost, digits: 2)) per GB") }
        words.append(link.measured == nil ? "not measured" : LinkText.age(of: link.measured, at: now))
        if isStale, link.measured != nil { words.append("stale") }
        return words
    }
}
