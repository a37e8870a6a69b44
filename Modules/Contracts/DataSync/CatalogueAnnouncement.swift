/// A change of what an edge has, from one state of its catalogue to the next. A state is named by what is in it.
public struct CatalogueAnnouncement: Codable, Sendable, Hashable {
    /// The most data sets of one announcement; larger changes are told in several.
    public static let maximumEntries = 500

    /// The state that this changes; `nil` for the empty one, whatever was told before.
    public var base: String?
    /// The state after it.
    public var revision: String
    public var changed: [CatalogueEntry]
    public var removed: [DatasetName]

    public init(base: String?, revision: String, changed: [CatalogueEntry] = [], removed: [DatasetName] = []) {
        self.base = base
        self.revision = revision
        self.changed = changed
        self.removed = removed
    }
}

public struct CatalogueReceipt: Codable, Sendable, Hashable {
    /// The state that is known of the edge now: the announcement's, or, when its base is another than the one that was known,
    /// that one; `nil` for none.
    public var revision: String?

    public init(revision: String?) { self.revision = revision }
}
