import Contracts
import Core

/// What `gedge explain` says of a kind's fields.
struct FieldDocumentation: Sendable {
    let kind: ResourceKind
    let summary: String
    let fields: [(path: String, text: String)]

    static let syncPolicy = FieldDocumentation(
        kind: .syncPolicy,
        summary: "What may move between clouds, which way, when and how. The most specific rule that fits decides: one "
            + "that names edges\nbefore one that does not, then datasets, artefacts, directions. What no rule fits is refused.",
        fields: [
            ("apiVersion", "gedge/v1"),
            ("kind", "SyncPolicy"),
            (
                "metadata.name",
                "name; 'federated', 'transfer', 'reinforcement', 'centralised', 'inference' or 'default' replaces the shipped one"
            ),
            ("metadata.labels", "map of strings; yours to use"),
            ("spec.description", "text for people"),
            ("spec.rules", "list of 1 to 256 rules"),
            ("spec.rules.artefacts", "list of \(words(Artefact.allCases)); default any"),
            ("spec.rules.directions", "list of \(words(SyncDirection.allCases)); default any"),
            ("spec.rules.edges", "list of names; only where one of them sends or receives; default any"),
            ("spec.rules.datasets", "list of group/project/name; default anything"),
            ("spec.rules.when", "one of \(words(SyncMoment.allCases))"),
            ("spec.rules.schedule", "with schedule: 'every 15m', or five cron fields in UTC such as '0 2 * * *'"),
            (
                "spec.rules.idleBelow",
                "with idle-link: bytes per second on the link below which it is idle, such as 1MB"
            ),
            ("spec.rules.threshold.bytes", "with threshold: how much has to gather, such as 64MiB"),
            ("spec.rules.threshold.records", "with threshold: or how many records"),
            ("spec.rules.priority", "urgent, normal or bulk; default normal"),
            ("spec.rules.codec", "\(words(TransferCodec.allCases)); default auto: by what pays on the link"),
            ("spec.rules.retention", "'last N' rounds or versions, an age such as 7d, or forever; default forever"),
            ("spec.rules.consistency", "strict: the round waits until it is complete; eventual (default)"),
            (
                "spec.rules.privacy",
                "private: never leaves its cloud; anonymised-only; public (default; but raw data stays at its edge unless "
                    + "the edge's own configuration agrees)"
            ),
        ])

    static let dataset = FieldDocumentation(
        kind: .dataset,
        summary:
            "A data set with versions. 'gedge data put' makes the versions; this document says how they are treated.",
        fields: [
            ("apiVersion", "gedge/v1"),
            ("kind", "Dataset"),
            ("metadata.group", "name"),
            ("metadata.project", "name"),
            ("metadata.name", "name; the data set is called group/project/name"),
            ("metadata.labels", "map of strings; yours to use"),
            ("spec.description", "text for people"),
            ("spec.artefact", "what its versions hold: \(words(Artefact.allCases)); default raw-data"),
            ("spec.sync", "name of the SyncPolicy under which its versions move; default 'default'"),
            (
                "spec.retention",
                "'last N' versions, an age such as 7d, or forever (default); the newest and pinned ones stay"
            ),
        ])

    private static func words<Value: RawRepresentable<String>>(_ values: [Value]) -> String {
        values.map(\.rawValue).joined(separator: ", ")
    }

    /// The fields below `path`, one per line.
    /// - Throws: `DataSyncError` `not-found` with the nearest field there is.
    func text(for path: [String]) throws -> String {
        let prefix = path.joined(separator: ".")
        let matches = fields.filter { prefix.isEmpty || $0.path == prefix || $0.path.hasPrefix(prefix + ".") }
        guard !matches.isEmpty else {
            let hint = NearestName.hint(for: prefix, among: fields.map(\.path), noun: "fields")
            throw DataSyncError(.notFound, "a \(kind.rawValue) has no field '\(prefix.prefix(80))'\(hint)")
        }
        let width = (matches.map(\.path.count).max() ?? 0) + 2
        let lines = matches.map { $0.path + String(repeating: " ", count: width - $0.path.count) + $0.text }
        let head = path.isEmpty ? "KIND: \(kind.rawValue)\n\n\(summary)\n\n" : "KIND: \(kind.rawValue)\n\n"
        return head + lines.joined(separator: "\n") + "\n"
    }
}
