import Contracts
import Core
import MessageBus

extension TopologyService {
    /// Answers `get`, `describe`, `explain` and `watch` for edges.
    nonisolated func registerResource() {
        bus.handle(ResourceContract.get(.edge)) { [self] (request: Inbound<ResourceQuery>) -> ResourceList in
            try await list(request.body)
        }
        bus.handle(ResourceContract.describe(.edge)) { [self] (request: Inbound<ResourceName>) -> TextReply in
            TextReply(text: Self.describe(try await site(named: request.body.name)))
        }
        bus.handle(ResourceContract.delete(.edge)) { [self] (request: Inbound<ResourceName>) -> Empty in
            let site = try await site(named: request.body.name)
            if site.phase != .revoked {
                _ = try await bus.call(Enrolment.revoke, RevokeRequest(edge: site.name), trace: request.trace)
            }
            try await forget(site.name)
            return Empty()
        }
        bus.handleStream(ResourceContract.watch(.edge)) { [self] request, writer in
            let site = try await site(named: request.body.name)
            let updates = watchers.values(of: site.name)
            try await writer.send(try Self.record(site))
            for await site in updates { try await writer.send(try Self.record(site)) }
        }
        bus.handle(ResourceContract.explain(.edge)) { (_: Inbound<ExplainRequest>) -> TextReply in
            TextReply(text: Self.explanation)
        }
    }

    static func record(_ site: Site) throws -> ResourceRecord {
        ResourceRecord(
            kind: .edge,
            metadata: ResourceMetadata(name: site.name.text, labels: site.report.labels, created: site.joined),
            spec: .object([:]), status: try JSONValue(encoding: EdgeStatus(site)))
    }

    /// One edge, or a page of all by name. An edge belongs to no group and no project.
    private func list(_ query: ResourceQuery) throws -> ResourceList {
        var page = ResourcePage(
            columns: ["NAME", "PHASE", "THREADS", "CPU", "MEMORY FREE", "DATASETS", "LAST SEEN"], limit: query.limit)
        guard query.group == nil, query.project == nil else { return page.answer() }
        var last = query.name == nil ? query.continuation : nil
        for site in try sites(named: query.name) {
            if let last, site.name.text <= last { continue }
            guard page.add(try Self.record(site), row: Self.row(site)) else { return page.answer(continuation: last) }
            last = site.name.text
        }
        return page.answer()
    }

    private static func row(_ site: Site) -> [String] {
        let load = site.report.load
        return [
            site.name.text, phase(site), String(site.report.hardware.threads),
            "\(Int((load.cpu * 100).rounded()))%", size(load.availableMemory),
            site.report.datasets.map { "\($0.name) (\($0.samples))" }.joined(separator: ", "),
            site.lastSeen.description,
        ]
    }

    /// The phase, and in brackets what an operator ordered.
    private static func phase(_ site: Site) -> String {
        guard let cordon = site.cordon else { return site.phase.rawValue }
        return "\(site.phase.rawValue) (\(cordon.isDraining ? "draining" : "cordoned"))"
    }

    private static func describe(_ site: Site) -> String {
        let hardware = site.report.hardware
        let load = site.report.load
        var lines = [
            "Name:       \(site.name)",
            "Phase:      \(phase(site))",
            "Joined:     \(site.joined)",
            "Last seen:  \(site.lastSeen)",
            "Version:    \(site.report.version)",
            "Host:       \(hardware.hostname) (\(hardware.architecture))",
            "Processor:  \(hardware.processor)",
            "Threads:    \(hardware.threads), \(Int((load.cpu * 100).rounded()))% busy",
            "Memory:     \(size(hardware.memory)), \(size(load.availableMemory)) free",
            "Disk free:  \(size(load.freeDisk))",
        ]
        lines += loadLines(site)
        lines += [
            "Daemon:     \(size(load.resident)) resident"
        ]
        if let cordon = site.cordon {
            lines.append("Cordoned:   since \(cordon.since)\(cordon.isDraining ? ", running work is to leave" : "")")
        }
        if let taints = site.report.taints, !taints.isEmpty {
            lines.append("Taints:     \(taints.map(\.description).joined(separator: ", "))")
        }
        if site.report.datasets.isEmpty {
            lines.append("Datasets:   none")
        } else {
            lines.append("Datasets:")
            for data in site.report.datasets {
                lines.append(
                    "  \(data.name): \(data.samples) samples, \(data.features) features, \(data.classes) classes")
            }
        }
        return lines.joined(separator: "\n") + "\n"
    }

    /// What of the load not every kernel tells, and how good it is.
    private static func loadLines(_ site: Site) -> [String] {
        let load = site.report.load
        var lines: [String] = []
        if let pressure = load.pressure {
            let stalls = [("cpu", pressure.cpu), ("memory", pressure.memory), ("io", pressure.io)].compactMap {
                name, stall in
                stall.map { "\(name) \(percent($0.some)) some, \(percent($0.full)) full" }
            }
            lines.append("Pressure:   \(stalls.joined(separator: "; "))")
        }
        if let disk = load.disk {
            lines.append(
                "Disk:       \(rate(disk.readBytesPerSecond)) read, \(rate(disk.writtenBytesPerSecond)) written, "
                    + "\(percent(disk.busy)) busy")
        }
        for interface in load.network ?? [] {
            lines.append(
                "Network:    \(interface.name) \(rate(interface.receivedBytesPerSecond)) in, "
                    + "\(rate(interface.sentBytesPerSecond)) out")
        }
        for (number, gpu) in (load.gpus ?? []).enumerated() {
            lines.append(
                "GPU \(number):      \(percent(gpu.busy)) busy, \(size(gpu.usedMemory)) of \(size(gpu.memory))"
            )
        }
        guard let state = site.reporting else { return lines }
        let age = state.staleSince == nil ? "" : ", stale: no report that can be believed has come since"
        lines.append("Measured:   \(state.measured)\(age)")
        if let skew = state.clockSkewSeconds {
            lines.append("Clock:      \(abs(skew)) s \(skew > 0 ? "ahead of" : "behind") the core's")
        }
        let odd = [
            ("duplicate", state.duplicates), ("late", state.late), ("without base", state.baseless),
            ("refused", state.refused),
        ].filter { $0.1 > 0 }.map { "\($1) \($0)" }
        lines.append("Reports:    \((["\(state.taken) taken"] + odd).joined(separator: ", "))")
        if let refusal = state.lastRefusal { lines.append("Refused:    \(refusal)") }
        return lines
    }

    private static func percent(_ share: Double) -> String { "\((share * 1000).rounded() / 10)%" }

    private static func rate(_ bytesPerSecond: Double) -> String {
        "\((bytesPerSecond / 1e5).rounded() / 10) MB/s"
    }

    private static func size(_ bytes: Int64) -> String { ByteCount(Int(bytes)).description }

    private static let explanation = """
        KIND: Edge (written by the platform)

        An edge cloud that enrolled with this core.

        status.phase      Ready, Reconnecting, Lost, Left or Revoked
        status.cordon     while an operator keeps work off: since when, and isDraining when running work is to leave as well
        status.taints     what keeps jobs away that do not tolerate it: key, value, effect
        status.hardware   host name, processor, threads, memory (bytes)
        status.load       cpu (0 to 1), availableMemory, freeDisk and resident (bytes); where the kernel tells it, daemonCPU,
                          pressure (0 to 1), disk and network (bytes a second), gpus
        status.reporting  when the load was measured, staleSince when reports are missing, clockSkewSeconds when the edge's
                          clock is wrong, and how many reports were taken, duplicates, late, baseless and refused
        status.datasets   the data that lies there: name, samples, features, classes; never the data
        status.lastSeen   milliseconds since 1970-01-01 UTC

        """
}

/// What an edge's resource shows under `status`.
private struct EdgeStatus: Encodable {
    var phase: SitePhase
    var hardware: Hardware
    var load: LoadReport
    var datasets: [DatasetSummary]
    var version: String
    var lastSeen: Timestamp
    var cordon: Cordon?
    var taints: [Taint]?
    var reporting: ReportingState?

    init(_ site: Site) {
        phase = site.phase
        hardware = site.report.hardware
        load = site.report.load
        datasets = site.report.datasets
        version = site.report.version
        lastSeen = site.lastSeen
        cordon = site.cordon
        taints = site.report.taints
        reporting = site.reporting
    }
}
