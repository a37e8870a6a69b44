import Contracts
import Core

/// A data set as it is shown: its document, if it has one, and what is stored of it, if anything is.
struct ShownDataset: Sendable {
    private struct Status: Encodable {
        var phase: String
        var versions: Int
        var rawBytes: Int
        var newest: DatasetVersion?
    }

    static let columns = ["NAME", "PHASE", "VERSIONS", "SIZE", "ENTRIES", "ARTEFACT", "POLICY"]

    var name: DatasetName
    var stored: SyncPolicyService.StoredDataset?
    var entry: CatalogueEntry?

    private var spec: DatasetSpec { stored?.document.spec ?? DatasetSpec() }
    private var phase: String { entry?.newest == nil ? "Empty" : "Ready" }
    private var artefact: Artefact { entry?.artefact ?? spec.artefact ?? .rawData }

    func record() throws -> ResourceRecord {
        ResourceRecord(
            kind: .dataset,
            metadata: ResourceMetadata(
                group: name.group, project: name.project, name: name.description,
                labels: stored?.document.metadata.labels, created: stored?.created, uid: stored?.uid),
            spec: try JSONValue(encoding: spec),
            status: try JSONValue(
                encoding: Status(
                    phase: phase, versions: entry?.versions ?? 0, rawBytes: entry?.rawBytes ?? 0,
                    newest: entry?.newest)))
    }

    var row: [String] {
        [
            name.description, phase, String(entry?.versions ?? 0),
            (entry?.newest?.rawBytes).map { ByteCount($0).description } ?? "-",
            (entry?.newest?.entries).map(String.init) ?? "-",
            artefact.rawValue, spec.sync?.text ?? PolicyTable.fallback,
        ]
    }

    /// Everything about it in words.
    func describe(_ versions: [DatasetVersion]) -> String {
        var lines = ["Name:       \(name)", "Phase:      \(phase)"]
        if let description = spec.description { lines.append("For:        \(description)") }
        lines.append("Artefact:   \(artefact.rawValue)")
        lines.append("Policy:     \(spec.sync?.text ?? PolicyTable.fallback)")
        lines.append("Retention:  \(spec.retention?.description ?? "as its policy says")")
        lines.append(versions.isEmpty ? "Versions:   none" : "Versions:")
        for version in versions.suffix(50) {
            var words = [
                "@\(version.reference.version ?? 0)", "\(ByteCount(version.rawBytes))",
                "\(version.entries) \(version.entries == 1 ? "entry" : "entries")", "\(version.created)",
            ]
            if version.isPinned { words.append("pinned") }
            if !version.isComplete { words.append("incomplete") }
            lines.append("  " + words.joined(separator: "  "))
        }
        if versions.count > 50 { lines.append("  and \(versions.count - 50) older ones: gedge data ls \(name)") }
        return lines.joined(separator: "\n") + "\n"
    }
}
