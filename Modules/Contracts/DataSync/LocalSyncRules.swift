/// An edge's own word about what may leave it, from its own configuration: whatever a policy says, this decides.
///
/// What no rule here fits is as the policies say, but for raw data, which stays.
public struct LocalSyncRules: Codable, Sendable, Hashable {
    public var rules: [LocalSyncRule] = []

    public init(rules: [LocalSyncRule] = []) { self.rules = rules }

    /// What this edge says of an artefact, and by which rule, counted from 1; `nil` when it leaves it to the policies.
    ///
    /// Of the rules that fit, one that names the data set goes before one that does not, then one that names the artefact;
    /// among equals the strictest decides. Raw data that no rule fits is private.
    public func verdict(on artefact: Artefact, dataset: DatasetName?) -> (privacy: Privacy, rule: Int?)? {
        var best: (rank: Int, privacy: Privacy, rule: Int)?
        for (index, rule) in rules.enumerated() {
            if let artefacts = rule.artefacts, !artefacts.contains(artefact) { continue }
            if let datasets = rule.datasets, dataset.map({ !datasets.contains($0) }) ?? true { continue }
            let rank = (rule.datasets == nil ? 0 : 2) + (rule.artefacts == nil ? 0 : 1)
            if let known = best, known.rank > rank || (known.rank == rank && known.privacy <= rule.privacy) { continue }
            best = (rank, rule.privacy, index + 1)
        }
        if let best { return (best.privacy, best.rule) }
        return artefact == .rawData ? (.private, nil) : nil
    }
}

/// What an edge says of some of what lies there.
public struct LocalSyncRule: Codable, Sendable, Hashable {
    /// Any when left out.
    public var artefacts: [Artefact]?
    /// Only versions of these data sets; anything when left out.
    public var datasets: [DatasetName]?
    public var privacy: Privacy

    public init(artefacts: [Artefact]? = nil, datasets: [DatasetName]? = nil, privacy: Privacy) {
        self.artefacts = artefacts
        self.datasets = datasets
        self.privacy = privacy
    }
}
