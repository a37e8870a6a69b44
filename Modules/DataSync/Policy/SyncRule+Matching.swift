import Contracts
import Core

extension SyncRule {
    /// How specific the rule is: one that names edges goes before all that do not, then one that names data sets, then
    /// artefacts, then directions.
    var rank: Int {
        (edges == nil ? 0 : 8) + (datasets == nil ? 0 : 4) + (artefacts == nil ? 0 : 2) + (directions == nil ? 0 : 1)
    }

    func fits(_ question: SyncQuestion, _ direction: SyncDirection) -> Bool {
        if let artefacts, !artefacts.contains(question.tags.artefact) { return false }
        if let directions, !directions.contains(direction) { return false }
        if let datasets, question.tags.dataset.map({ !datasets.contains($0) }) ?? true { return false }
        if let edges, !edges.contains(where: { [question.from.text, question.to.text].contains($0.text) }) {
            return false
        }
        return true
    }

    /// Whether some transfer fits both rules.
    ///
    /// Two rules that name different edges meet in a transfer between those two.
    func overlaps(_ other: SyncRule) -> Bool {
        func meet<Element: Hashable>(_ left: [Element]?, _ right: [Element]?) -> Bool {
            guard let left, let right else { return true }
            return !Set(left).isDisjoint(with: right)
        }
        func canBeBetweenEdges(_ rule: SyncRule) -> Bool { rule.directions?.contains(.edgeToEdge) ?? true }
        let edgesMeet = meet(edges, other.edges) || (canBeBetweenEdges(self) && canBeBetweenEdges(other))
        return meet(artefacts, other.artefacts) && meet(directions, other.directions)
            && meet(datasets, other.datasets) && edgesMeet
    }

    /// What the rule does, without what it fits.
    var effect: SyncRule {
        var effect = self
        (effect.artefacts, effect.directions, effect.edges, effect.datasets) = (nil, nil, nil, nil)
        return effect
    }

    /// What the rule fits, in words: `model, update edge-to-core`.
    var selection: String {
        var words = [artefacts.map { $0.map(\.rawValue).joined(separator: ", ") } ?? "anything"]
        if let directions { words.append(directions.map(\.rawValue).joined(separator: ", ")) }
        if let datasets { words.append("of \(datasets.map(\.description).joined(separator: ", "))") }
        if let edges { words.append("with \(edges.map(\.text).joined(separator: ", "))") }
        return words.joined(separator: " ")
    }

    /// When the rule lets something move, in words.
    var moment: String {
        switch when {
        case .eachRound: "each round"
        case .onChange: "on change"
        case .schedule: schedule.map { "on schedule (\($0))" } ?? "on schedule"
        case .idleLink: "while less than \(idleBelow ?? ByteCount(0)) per second moves"
        case .threshold:
            "once "
                + [threshold?.bytes.map { "\($0)" }, threshold?.records.map { "\($0) records" }].compactMap { $0 }
                .joined(separator: " or ") + " have gathered"
        case .never: "never"
        }
    }
}
