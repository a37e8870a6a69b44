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
            site.name.text, site.phase.rawValue, String(site.report.hardware.threads),
            "\(Int((load.cpu * 100).rounded()))%", gigabytes(load.availableMemory),
            site.report.datasets.map { "\($0.name) (\($0.samples))" }.joined(separator: ", "),
            site.lastSeen.description,
        ]
    }

    private static func describe(_ site: Site) -> String {
        let hardware = site.report.hardware
        let load = site.report.load
        var lines = [
            "Name:       \(site.name)",
            "Phase:      \(site.phase.rawValue)",
            "Joined:     \(site.joined)",
            "Last seen:  \(site.lastSeen)",
            "Version:    \(site.report.version)",
            "Host:       \(hardware.hostname) (\(hardware.architecture))",
            "Processor:  \(hardware.processor)",
            "Threads:    \(hardware.threads), \(Int((load.cpu * 100).rounded()))% busy",
            "Memory:     \(gigabytes(hardware.memory)), \(gigabytes(load.availableMemory)) free",
            "Disk free:  \(gigabytes(load.freeDisk))",
            "Daemon:     \(load.resident / 1_000_000) MB resident",
        ]
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

    private static func gigabytes(_ bytes: Int64) -> String {
        let tenths = (Double(bytes) / 1e8).rounded() / 10
        return "\(tenths) GB"
    }

    private static let explanation = """
        KIND: Edge (written by the platform)

        An edge cloud that enrolled with this core.

        status.phase      Ready, Reconnecting, Lost, Left or Revoked
        status.hardware   host name, processor, threads, memory (bytes)
        status.load       cpu (0 to 1), availableMemory, freeDisk and resident (bytes)
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

    init(_ site: Site) {
        phase = site.phase
        hardware = site.report.hardware
        load = site.report.load
        datasets = site.report.datasets
        version = site.report.version
        lastSeen = site.lastSeen
    }
}
