/// One value of a parsed document, with the place it was read from: what a YAML or JSON reader, the environment and the
/// command line are turned into before `StrictDecoder` makes a typed value of them.
public struct SourceNode: Sendable, Hashable {
    public enum Content: Sendable, Hashable {
        case scalar(SourceScalar)
        case sequence([SourceNode])
        case mapping([SourceEntry])
    }

    public var content: Content
    public var location: SourceLocation

    public init(_ content: Content, at location: SourceLocation) {
        self.content = content
        self.location = location
    }

    /// The member `key` of a mapping, or `nil`.
    public subscript(key: String) -> SourceNode? {
        guard case .mapping(let entries) = content else { return nil }
        return entries.first { $0.key == key }?.value
    }

    /// The element `index` of a sequence, or `nil`.
    func element(_ index: Int) -> SourceNode? {
        if case .sequence(let items) = content, items.indices.contains(index) { items[index] } else { nil }
    }

    /// Where the field `path`, such as `spec.rounds`, was written; of a field that is left out, where the group stands that
    /// lacks it.
    public func location(of path: String) -> SourceLocation {
        var node = self
        for name in path.split(separator: ".") {
            guard let next = node[String(name)] else { break }
            node = next
        }
        return node.location
    }

    /// The text of a scalar, whatever its type; `nil` for other nodes.
    public var text: String? { if case .scalar(let scalar) = content { scalar.text } else { nil } }

    public var isNull: Bool { if case .scalar(let scalar) = content { scalar.value == .null } else { false } }

    /// What the node is, in the words of a message: `the text 'x'`, `a list`.
    var summary: String {
        switch content {
        case .scalar(let scalar): scalar.summary
        case .sequence: "a list"
        case .mapping: "a group of fields"
        }
    }
}

/// One field of a mapping.
public struct SourceEntry: Sendable, Hashable {
    public var key: String
    /// Where the key stands; the value has a place of its own.
    public var location: SourceLocation
    public var value: SourceNode

    public init(key: String, at location: SourceLocation, value: SourceNode) {
        self.key = key
        self.location = location
        self.value = value
    }
}
