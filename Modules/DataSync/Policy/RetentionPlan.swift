public import Contracts
public import Core

/// Something that is kept under a reference and that a retention rule may drop.
public struct RetainedItem: Sendable, Hashable {
    /// What is released to drop it.
    public var reference: String
    /// Items of one family compete for its places: a job's models, a data set's versions.
    public var family: String
    /// A round, or a version.
    public var number: Int
    public var created: Timestamp
    public var isPinned: Bool

    public init(reference: String, family: String, number: Int, created: Timestamp, isPinned: Bool = false) {
        self.reference = reference
        self.family = family
        self.number = number
        self.created = created
        self.isPinned = isPinned
    }
}

/// Which references a retention rule drops.
public enum RetentionPlan {
    /// The references of one family to release, oldest first. What is pinned stays and takes no place, and the newest
    /// `floor` numbers stay whatever the rule says.
    /// - Parameters:
    ///   - items: several may have one number, such as the updates of a round; they stay or go together.
    ///   - floor: at least 1: the newest one is never dropped.
    public static func releases(
        of items: [RetainedItem], under retention: Retention, floor: Int = 1, now: Timestamp
    ) -> [String] {
        let newestFirst = Set(items.map(\.number)).sorted(by: >)
        let untouchable = Set(newestFirst.prefix(max(1, floor)))
        let kept: (RetainedItem) -> Bool
        switch retention {
        case .forever: return []
        case .last(let count):
            let places = Set(
                Set(items.filter { !$0.isPinned }.map(\.number)).sorted(by: >).prefix(max(1, count)))
            kept = { places.contains($0.number) }
        case .age(let age):
            let limit = now.advanced(by: .zero - age)
            kept = { $0.created > limit }
        }
        return items.filter { !$0.isPinned && !untouchable.contains($0.number) && !kept($0) }
            .sorted { ($0.number, $0.reference) < ($1.number, $1.reference) }.map(\.reference)
    }
}
