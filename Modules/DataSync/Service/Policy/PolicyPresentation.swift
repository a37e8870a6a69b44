import Contracts
import Core

/// A policy as it is shown.
struct ShownPolicy: Sendable {
    enum Origin: String, Codable, Sendable {
        /// It comes with the program.
        case shipped = "Shipped"
        /// A user applied it.
        case applied = "Applied"
        /// A user applied it in the place of a shipped one.
        case replacesShipped = "ReplacesShipped"
    }

    private struct Status: Encodable {
        let phase = "Active"
        let origin: Origin
    }

    var name: Name
    var spec: SyncPolicySpec
    var stored: SyncPolicyService.StoredPolicy?
    var origin: Origin

    func record() throws -> ResourceRecord {
        ResourceRecord(
            kind: .syncPolicy,
            metadata: ResourceMetadata(
                name: name.text, labels: stored?.document.metadata.labels, created: stored?.created, uid: stored?.uid),
            spec: try JSONValue(encoding: spec), status: try JSONValue(encoding: Status(origin: origin)))
    }
}

/// Policies as tables and in words.
enum PolicyPresentation {
    static let columns = ["NAME", "ORIGIN", "RULES", "DESCRIPTION"]

    static func row(_ policy: ShownPolicy) -> [String] {
        [policy.name.text, policy.origin.rawValue, String(policy.spec.rules.count), policy.spec.description ?? ""]
    }

    static func describe(_ policy: ShownPolicy) -> String {
        var lines = ["Name:         \(policy.name)"]
        if let description = policy.spec.description { lines.append("Description:  \(description)") }
        switch policy.origin {
        case .shipped: lines.append("Origin:       comes with GEdge; apply one of the same name to replace it")
        case .applied: lines.append("Origin:       applied" + (policy.stored.map { " at \($0.created)" } ?? ""))
        case .replacesShipped:
            lines.append(
                "Origin:       applied in the place of the one that comes with GEdge; delete it to have that back")
        }
        lines.append("Rules:        the most specific one that fits decides; what none fits is refused")
        for (index, rule) in policy.spec.rules.enumerated() { lines.append("  \(index + 1). \(words(of: rule))") }
        return lines.joined(separator: "\n") + "\n"
    }

    /// A rule as a sentence: `model core-to-edge: each round; urgent, zstd; kept: last 3; private`.
    private static func words(of rule: SyncRule) -> String {
        var text = "\(rule.selection): \(rule.moment)"
        guard rule.when != .never else { return text + (rule.privacy == .private ? "; private" : "") }
        var terms: [String] = []
        if let priority = rule.priority { terms.append(priority.word) }
        if let codec = rule.codec, codec != .automatic { terms.append("codec \(codec.rawValue)") }
        if let retention = rule.retention { terms.append("kept \(retention)") }
        if rule.consistency == .strict { terms.append("the round waits for it") }
        if rule.privacy == .anonymisedOnly { terms.append("only when anonymised") }
        if !terms.isEmpty { text += "; " + terms.joined(separator: ", ") }
        return text
    }
}
