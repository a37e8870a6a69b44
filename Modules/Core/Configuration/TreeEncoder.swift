/// Turns any `Encodable` value into a tree that a writer prints or `ConfigurationLayers` merges.
///
/// Members come in the order in which the type encodes them, those of a dictionary sorted by key. A `Duration` becomes a
/// text as in `DurationText.exact`.
public struct TreeEncoder: Sendable {
    /// Whether an optional member that is `nil` becomes an explicit null instead of being left out.
    public var writesNulls: Bool
    /// Where the nodes say they come from.
    public var source: String

    public init(writesNulls: Bool = false, source: String = "the program") {
        self.writesNulls = writesNulls
        self.source = source
    }

    /// - Throws: what the value's own `encode(to:)` throws.
    public func encode(_ value: some Encodable) throws -> SourceNode {
        try slot(for: value, at: []).node(at: SourceLocation(source: source))
    }

    /// The tree of `value`, still to be finished.
    func slot(for value: some Encodable, at path: [any CodingKey]) throws -> TreeSlot {
        let slot = TreeSlot()
        if let duration = value as? Duration {
            slot.state = .scalar(SourceScalar(DurationText.exact(duration), style: .quoted))
            return slot
        }
        slot.sortsKeys = value is any StringKeyed
        try value.encode(to: SlotEncoder(slot: slot, codingPath: path, options: self))
        return slot
    }
}

/// A dictionary whose order means nothing.
private protocol StringKeyed {}
extension Dictionary: StringKeyed where Key == String {}
