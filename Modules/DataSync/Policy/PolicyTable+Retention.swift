import Contracts

extension PolicyTable {
    /// How long things with these tags are kept: the longest that any rule of their policy says of them, whichever way it
    /// moves them, because a cloud may hold one thing for several reasons. `forever` when no rule that moves them says less.
    func retention(of tags: TransferTags) -> Retention {
        let rules = (spec(for: tags)?.rules ?? []).filter { rule in
            rule.when != .never && rule.artefacts?.contains(tags.artefact) ?? true
                && rule.datasets.map { datasets in tags.dataset.map(datasets.contains) ?? false } ?? true
        }
        guard let first = rules.first else { return .forever }
        return rules.dropFirst().reduce(first.retention ?? .forever) { longest, rule in
            Retention.longer(longest, rule.retention ?? .forever)
        }
    }
}

extension Retention {
    /// The one that keeps more; of a number and an age, which do not compare, neither drops anything the other keeps, so
    /// that everything is kept.
    static func longer(_ left: Retention, _ right: Retention) -> Retention {
        switch (left, right) {
        case (.last(let one), .last(let other)): .last(max(one, other))
        case (.age(let one), .age(let other)): .age(max(one, other))
        default: .forever
        }
    }
}
